#pragma once
// libcurl, loaded when the first request is made: its chain of libraries (LDAP, Kerberos, SSH ...)
// takes about 8 ms to load, which every start of a program would pay if it were linked.

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "base/result.h"

namespace medperf::net {

/// The functions of libcurl.so.4 that are used here.
struct CurlApi {
  decltype(&::curl_global_init) global_init;
  decltype(&::curl_easy_init) easy_init;
  decltype(&::curl_easy_cleanup) easy_cleanup;
  decltype(&::curl_easy_reset) easy_reset;
  decltype(&::curl_easy_setopt) easy_setopt;
  decltype(&::curl_easy_getinfo) easy_getinfo;
  decltype(&::curl_easy_perform) easy_perform;
  decltype(&::curl_easy_strerror) easy_strerror;
  decltype(&::curl_slist_append) slist_append;
  decltype(&::curl_slist_free_all) slist_free_all;
};

/// Loads libcurl once; thread-safe. Errors: unavailable, when it is not installed.
Result<const CurlApi*> curl_api();

}  // namespace medperf::net
