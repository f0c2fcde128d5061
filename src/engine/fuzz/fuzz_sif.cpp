// A SIF's header and table come from outside. Whatever is found must lie in the file.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/image/sif.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace medperf;
  const FileHandle file(::memfd_create("sif", MFD_CLOEXEC));
  if (::write(file.get(), data, size) != static_cast<ssize_t>(size)) return 0;
  const auto partition = engine::read_sif(file);
  if (partition.ok() &&
      (partition->offset > size || partition->size > size - partition->offset || size < 128)) {
    std::abort();
  }
  (void)engine::read_sif_archive(file, {}).ok();
  return 0;
}
