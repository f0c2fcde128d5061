// Lines of a foreign database dump never crash the reader, whatever they hold.

#include <cstdint>
#include <string_view>

#include "hub/transfer/pg_dump.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  if (const auto head = medperf::hub::read_copy_head(line); head && head->columns.empty()) {
    __builtin_trap();
  }
  const auto row = medperf::hub::read_copy_row(line, 3);
  if (row.ok() && row->size() != 3) __builtin_trap();
  (void)medperf::hub::read_setval(line);
  return 0;
}
