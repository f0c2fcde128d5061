// What a hostile registry asks for, a record's reference of an image, and a file of sign-ins.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "site/gate/registry.h"
#include "site/gate/registry_login.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)medperf::site::read_challenge(text);
  (void)medperf::site::parse_image_reference(text).ok();
  (void)medperf::site::basic_authorization(text, "registry.example:5000", "group/model").ok();
  return 0;
}
