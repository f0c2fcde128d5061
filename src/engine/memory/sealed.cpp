#include "engine/memory/sealed.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <thread>
#include <utility>

#include "crypto/sha256.h"
#include "engine/memory/gpg.h"
#include "engine/memory/place.h"

namespace medperf::engine {
namespace {

constexpr Bytes kHome = mebibytes(1);
// Indexes, configuration, the engine's own files.
constexpr Bytes kStoreItself = mebibytes(64);
// A compressed file system unpacks to about three times its size; its copy is one more.
constexpr std::uint64_t kSquashed = 4;

/// In a thread of its own, since a memory place may give its thread mounts of its own.
template <typename F>
auto in_own_thread(F work) -> decltype(work()) {
  std::optional<decltype(work())> out;
  std::exception_ptr thrown;
  std::thread([&] {
    try {
      out = work();
    } catch (...) {  // reported by the caller's thread as what it is: a fault of ours
      thrown = std::current_exception();
    }
  }).join();
  if (thrown) std::rethrow_exception(thrown);
  return std::move(*out);
}

std::string variable(const SealedSetup& setup, const std::string& name) {
  const auto found = setup.environment.find(name);
  return found == setup.environment.end() ? std::string() : found->second;
}

Result<std::unique_ptr<MemoryPlace>> make_place(Bytes size, const SealedSetup& setup,
                                                const MemoryNeed& need = {}) {
  return MemoryPlace::make({size, setup.probe_program, variable(setup, "XDG_RUNTIME_DIR"), need});
}

Result<GpgPlace> gpg_in(const MemoryPlace& place, const SealedSetup& setup) {
  const fs::path home = place.folder() / "gpg";
  MEDPERF_CHECK(make_private_folder(home));
  return GpgPlace{home, setup.environment};
}

Bytes size_of_file(const FileHandle& file) {
  struct stat status {};
  return ::fstat(file.get(), &status) == 0 ? Bytes{static_cast<std::uint64_t>(status.st_size)}
                                           : Bytes{0};
}

Result<OpenedImage> open_here(const FileHandle& sealed, const crypto::Secret& passphrase,
                              Bytes limit, const SealedSetup& setup) {
  // At least as much; more shows when it is decrypted.
  const MemoryNeed need{{kHome.value + size_of_file(sealed).value}, {}};
  MEDPERF_TRY(const auto place, make_place(kHome, setup, need));
  MEDPERF_TRY(const MemoryRoom room, memory_room());
  const Bytes available = room.group ? std::min(room.machine, room.group->left) : room.machine;
  MEDPERF_TRY(const GpgPlace gpg, gpg_in(*place, setup));
  const FileHandle plain(::memfd_create("image", MFD_CLOEXEC));
  if (!plain.is_open())
    return make_error(ErrorKind::kUnavailable, "memory", "no file can be made in memory");
  MEDPERF_CHECK(decrypt(sealed, passphrase, plain, std::min(limit, available), gpg));
  OpenedImage out;
  out.plain = size_of_file(plain);
  MEDPERF_TRY(out.image, read_archive(plain));
  return out;
}

/// Verified and decrypted through one descriptor.
Status decrypt_to(const fs::path& target, const SealedImage& image, const MemoryPlace& place,
                  const SealedSetup& setup) {
  MEDPERF_TRY(const FileHandle sealed, open_file(image.file));
  MEDPERF_TRY(const FileDigest found, crypto::digest_file(sealed));
  if (found != image.digest) {
    return make_error(ErrorKind::kCorrupt, image.file.native(),
                      "the encrypted archive is not the one that was verified",
                      "Run the command again: it is fetched anew");
  }
  const FileHandle plain(
      ::open(target.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!plain.is_open())
    return make_error(ErrorKind::kUnavailable, target.native(), "no file can be made in memory");
  MEDPERF_TRY(const GpgPlace gpg, gpg_in(place, setup));
  return decrypt(sealed, image.passphrase, plain, image.plain, gpg);
}

std::uint64_t files_of(const SealedSize& image) {
  return image.unpacked.value * (image.squashed ? kSquashed : 1);
}

Result<RunOutcome> run_here(const Engine& engine, const SealedImage& image, const RunSpec& spec,
                            const SealedSetup& setup) {
  const Bytes needed = memory_needed(image, engine.copies_in_memory());
  MEDPERF_TRY(const auto place, make_place(needed, setup, {needed, spec.limits.memory}));
  const fs::path archive = place->folder() / "image";
  MEDPERF_CHECK(decrypt_to(archive, image, *place, setup));
  // After `place`, so that it ends before: what it leaves running lies in there.
  MEDPERF_TRY(const auto own, engine.in_memory(place->store()));
  MEDPERF_CHECK(own->load(archive, image.image));
  fs::remove(archive);
  MEDPERF_TRY(const bool loaded, own->has_image(image.image));
  if (!loaded) {
    return make_error(ErrorKind::kCorrupt, image.image.prefixed(),
                      "the decrypted archive does not hold this image",
                      "Tell the owner of the container");
  }
  MEDPERF_CHECK(place->claim_no_more_than(
      {memory_after_loading(image, engine.copies_in_memory()), spec.limits.memory}));
  return own->run(spec);
}

}  // namespace

Bytes memory_needed(const SealedSize& image, int copies) {
  const auto others = static_cast<std::uint64_t>(std::max(copies - 1, 1));
  return {image.plain.value + files_of(image) * others + kStoreItself.value};
}

Bytes memory_after_loading(const SealedSize& image, int copies) {
  return {files_of(image) * static_cast<std::uint64_t>(std::max(copies - 2, 0))};
}

Result<OpenedImage> open_sealed(const FileHandle& sealed, const crypto::Secret& passphrase,
                                Bytes limit, const SealedSetup& setup) {
  return in_own_thread([&] { return open_here(sealed, passphrase, limit, setup); });
}

Status seal(const FileHandle& plain, const crypto::Secret& passphrase, const FileHandle& sealed,
            const SealedSetup& setup) {
  return in_own_thread([&]() -> Status {
    MEDPERF_TRY(const auto place, make_place(kHome, setup));
    MEDPERF_TRY(const GpgPlace gpg, gpg_in(*place, setup));
    return encrypt(plain, passphrase, sealed, gpg);
  });
}

Result<RunOutcome> run_sealed(const Engine& engine, const SealedImage& image, const RunSpec& spec,
                              const SealedSetup& setup) {
  if (engine.copies_in_memory() == 0) {
    return make_error(ErrorKind::kRefused, engine.description(),
                      "this engine keeps its images on disk",
                      "Use podman or the built-in runner for encrypted containers");
  }
  return in_own_thread([&] { return run_here(engine, image, spec, setup); });
}

}  // namespace medperf::engine
