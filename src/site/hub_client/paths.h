#pragma once
// Every path of the hub that the client calls, each with the methods it is called with; no other
// file of site or cli spells one. A test holds them against the hub's endpoint tables
// (tests/rooms/one_home.py), and a call by another method does not compile.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/ids.h"

namespace medperf::site {

inline constexpr unsigned kGet = 1;
inline constexpr unsigned kPost = 2;
inline constexpr unsigned kPut = 4;
inline constexpr unsigned kDelete = 8;

/// Below the API's path, or absolute when it starts with '/'.
template <unsigned kMethods>
struct Path {
  std::string text;
  /// As a path for some of its methods.
  template <unsigned kSome>
  requires((kSome & kMethods) == kSome) operator Path<kSome>() const& { return {text}; }
  template <unsigned kSome>
  requires((kSome & kMethods) == kSome) operator Path<kSome>() && { return {std::move(text)}; }
};

namespace paths {

// What the hub is, without signing in.
std::string_view api();  ///< what the others are below
Path<kGet> version();

// Signing in.
Path<kPost> login();
Path<kGet> session();
Path<kPost> sign_out_everywhere();
Path<kPost> password();
Path<kPost> device_code();
Path<kPost> device_token();
Path<kPost> device_approval();

// The caller's own.
Path<kGet> me();
Path<kGet> my_containers();
Path<kGet> my_models();
Path<kGet> my_assets();
Path<kGet> my_benchmarks();
Path<kGet> my_datasets();
Path<kGet> my_results();
Path<kGet> my_memberships();
Path<kGet> my_associations(std::string_view kind);
Path<kGet | kPost> my_keys();
Path<kGet> my_certificates();
Path<kGet> my_container_keys();
Path<kGet | kPost> access_tokens();
Path<kDelete> access_token(std::int64_t id);
Path<kGet | kDelete> my_sessions();
Path<kDelete> my_session(std::int64_t id);
Path<kPost> second_factor();
Path<kPost> confirm_second_factor();
Path<kPost> remove_second_factor();

Path<kGet | kPost> containers();
Path<kGet> container(ContainerId id);
Path<kGet | kPost> models();
Path<kGet> model(ModelId id);
Path<kGet> assets();
Path<kGet> asset(AssetId id);
Path<kGet | kPost> datasets();
Path<kGet | kPut> dataset(DatasetId id);
Path<kPost> results();
Path<kGet | kPut> result(ResultId id);

Path<kGet | kPost> benchmarks();
Path<kGet | kPut> benchmark(BenchmarkId id);
Path<kGet> benchmark_models(BenchmarkId id);
/// What its models took on the demo data, by their owners' word; not on every hub.
Path<kGet> benchmark_demo_runs(BenchmarkId id);
/// Certificates of the owners of its approved data sets.
Path<kGet> benchmark_certificates(BenchmarkId id);
Path<kPost> certificates();
/// Keys of containers that a certificate's holder can open.
Path<kGet> certificate_keys(std::int64_t certificate);
Path<kPost | kPut> container_keys();
Path<kGet> aggregate(BenchmarkId id);
Path<kGet | kPut | kDelete> committee(BenchmarkId id);

// `kind` is "dataset" or "model".
Path<kPost> associations(std::string_view kind);
Path<kPut> association(std::string_view kind, std::int64_t object, BenchmarkId benchmark);

Path<kGet | kPost> organisations();
Path<kGet | kPost> members(std::int64_t organisation);
Path<kPut | kDelete> member(std::int64_t organisation, std::int64_t user);
Path<kPost> organisation_objects(std::int64_t organisation);
Path<kPost> closed_groups();
Path<kGet> closed_group(std::int64_t id);
Path<kPost> insiders(std::int64_t closed_group);

}  // namespace paths
}  // namespace medperf::site
