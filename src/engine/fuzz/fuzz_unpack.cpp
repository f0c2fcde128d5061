// One layer of hostile bytes is unpacked into a folder. Nothing beside that folder may change, and
// nothing in it may be a device, run as another user, or be shared with a file outside.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "crypto/sha256.h"
#include "engine/image/unpack.h"

namespace {

using namespace medperf;

// The same name in every run, so that seeds can aim at it.
const fs::path kHome = "/tmp/medperf-fuzz-unpack";

void make_surroundings() {
  (void)remove_tree(kHome).ok();
  fs::create_directories(kHome / "outside");
  fs::create_directories(kHome / "tree");
  std::FILE* canary = std::fopen((kHome / "outside" / "canary").c_str(), "w");
  std::fputs("untouched", canary);
  std::fclose(canary);
  ::chmod((kHome / "outside" / "canary").c_str(), 0400);
}

void demand(bool held, const char* what) {
  if (held) return;
  std::fprintf(stderr, "property broken: %s\n", what);
  std::abort();
}

void check_surroundings() {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(kHome)) {
    ++count;
    demand(entry.path().filename() == "outside" || entry.path().filename() == "tree",
           "something was made beside the tree");
  }
  demand(count == 2, "something beside the tree was removed");
  const auto canary = kHome / "outside" / "canary";
  struct stat status {};
  demand(::lstat(canary.c_str(), &status) == 0 && S_ISREG(status.st_mode), "the canary is gone");
  demand(status.st_nlink == 1, "a hard link leads out of the tree");
  demand((status.st_mode & 07777) == 0400 && status.st_size == 9, "the canary was changed");
  const auto names = fs::directory_iterator(kHome / "outside");
  demand(std::distance(begin(names), end(names)) == 1, "something was written outside");
}

void check_tree() {
  for (const auto& entry : fs::recursive_directory_iterator(kHome / "tree")) {
    struct stat status {};
    demand(::lstat(entry.path().c_str(), &status) == 0, "an entry cannot be looked at");
    demand(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode),
           "a special file was made");
    demand(S_ISLNK(status.st_mode) || (status.st_mode & 07022) == 0, "a mode is too wide");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool ready = (make_surroundings(), true);
  (void)ready;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)remove_tree(kHome / "tree").ok();
  fs::create_directory(kHome / "tree");
  engine::TreeLimits limits;
  limits.entries = 200;
  limits.unpacked = mebibytes(1);
  auto tree = engine::TreeWriter::open(kHome / "tree", limits);
  demand(tree.ok(), "the tree cannot be opened");
  engine::Layer layer;
  layer.diff_id = FileDigest::parse(crypto::sha256_hex(bytes)).value();
  layer.size = mebibytes(1);
  bool given = false;
  const auto source = [&]() -> Result<std::string_view> {
    if (given) return std::string_view{};
    given = true;
    return bytes;
  };
  (void)engine::unpack_layer(*tree, source, layer).ok();
  check_tree();
  check_surroundings();
  return 0;
}
