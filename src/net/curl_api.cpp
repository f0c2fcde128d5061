#include "net/curl_api.h"

#include <dlfcn.h>

namespace medperf::net {
namespace {

struct Loaded {
  CurlApi api{};
  std::string missing;  ///< what could not be loaded; empty: all is there
};

template <typename Function>
void find(void* library, const char* name, Function& function, std::string& missing) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  if (function == nullptr && missing.empty()) missing = name;
}

Loaded load() {
  Loaded loaded;
  // Never closed: it registers exit handlers and OpenSSL state.
  void* library = ::dlopen("libcurl.so.4", RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) {
    const char* reason = ::dlerror();
    loaded.missing = reason == nullptr ? "libcurl.so.4" : reason;
    return loaded;
  }
  CurlApi& api = loaded.api;
  find(library, "curl_global_init", api.global_init, loaded.missing);
  find(library, "curl_easy_init", api.easy_init, loaded.missing);
  find(library, "curl_easy_cleanup", api.easy_cleanup, loaded.missing);
  find(library, "curl_easy_reset", api.easy_reset, loaded.missing);
  find(library, "curl_easy_setopt", api.easy_setopt, loaded.missing);
  find(library, "curl_easy_getinfo", api.easy_getinfo, loaded.missing);
  find(library, "curl_easy_perform", api.easy_perform, loaded.missing);
  find(library, "curl_easy_strerror", api.easy_strerror, loaded.missing);
  find(library, "curl_slist_append", api.slist_append, loaded.missing);
  find(library, "curl_slist_free_all", api.slist_free_all, loaded.missing);
  if (loaded.missing.empty() && api.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    loaded.missing = "curl_global_init failed";
  }
  return loaded;
}

}  // namespace

Result<const CurlApi*> curl_api() {
  static const Loaded loaded = load();
  if (!loaded.missing.empty()) {
    return make_error(ErrorKind::kUnavailable, "libcurl", "the library cannot be loaded",
                      "Install the package libcurl4.", loaded.missing);
  }
  return &loaded.api;
}

}  // namespace medperf::net
