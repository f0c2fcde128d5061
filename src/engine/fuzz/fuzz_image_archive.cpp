// Image archives come from outside and are read before anything is trusted.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "engine/image/archive.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace medperf;
  const FileHandle file(::memfd_create("archive", MFD_CLOEXEC));
  if (::write(file.get(), data, size) != static_cast<ssize_t>(size)) return 0;
  engine::ArchiveLimits limits;
  limits.unpacked = mebibytes(16);
  limits.layer_entries = 10'000;
  const auto image = engine::read_archive(file, limits);
  if (image.ok()) (void)to_text(engine::to_json(*image, engine::inspect(*image)));
  return 0;
}
