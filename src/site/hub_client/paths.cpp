#include "site/hub_client/paths.h"

#include <fmt/format.h>

namespace medperf::site::paths {
namespace {

bool is_dataset(std::string_view kind) {
  return kind == "dataset";
}

}  // namespace

std::string_view api() {
  return "/api/v0/";
}
Path<kGet> version() {
  return {"/version"};
}
Path<kPost> login() {
  return {"auth/login"};
}
Path<kGet> session() {
  return {"auth/session/"};
}
Path<kPost> sign_out_everywhere() {
  return {"auth/sign_out_everywhere/"};
}
Path<kPost> password() {
  return {"auth/password/"};
}
Path<kPost> device_code() {
  return {"auth/device/code/"};
}
Path<kPost> device_token() {
  return {"auth/device/token/"};
}
Path<kPost> device_approval() {
  return {"auth/device/approval/"};
}

Path<kGet> me() {
  return {"me/"};
}
Path<kGet> my_containers() {
  return {"me/mlcubes/"};
}
Path<kGet> my_models() {
  return {"me/models/"};
}
Path<kGet> my_assets() {
  return {"me/assets/"};
}
Path<kGet> my_benchmarks() {
  return {"me/benchmarks/"};
}
Path<kGet> my_datasets() {
  return {"me/datasets/"};
}
Path<kGet> my_results() {
  return {"me/results/"};
}
Path<kGet> my_memberships() {
  return {"me/memberships/"};
}
Path<kGet> my_associations(std::string_view kind) {
  return {is_dataset(kind) ? "me/datasets/associations/" : "me/models/associations/"};
}
Path<kGet | kPost> my_keys() {
  return {"me/keys/"};
}
Path<kGet> my_certificates() {
  return {"me/certificates/"};
}
Path<kGet> my_container_keys() {
  return {"me/encrypted_keys/"};
}
Path<kGet | kPost> access_tokens() {
  return {"me/access_tokens/"};
}
Path<kDelete> access_token(std::int64_t id) {
  return {fmt::format("me/access_tokens/{}/", id)};
}
Path<kGet | kDelete> my_sessions() {
  return {"me/sessions/"};
}
Path<kDelete> my_session(std::int64_t id) {
  return {fmt::format("me/sessions/{}/", id)};
}
Path<kPost> second_factor() {
  return {"me/second_factor/"};
}
Path<kPost> confirm_second_factor() {
  return {"me/second_factor/confirm/"};
}
Path<kPost> remove_second_factor() {
  return {"me/second_factor/remove/"};
}

Path<kGet | kPost> containers() {
  return {"mlcubes/"};
}
Path<kGet> container(ContainerId id) {
  return {fmt::format("mlcubes/{}/", id.value)};
}
Path<kGet | kPost> models() {
  return {"models/"};
}
Path<kGet> model(ModelId id) {
  return {fmt::format("models/{}/", id.value)};
}
Path<kGet> assets() {
  return {"assets/"};
}
Path<kGet> asset(AssetId id) {
  return {fmt::format("assets/{}/", id.value)};
}
Path<kGet | kPost> datasets() {
  return {"datasets/"};
}
Path<kGet | kPut> dataset(DatasetId id) {
  return {fmt::format("datasets/{}/", id.value)};
}
Path<kPost> results() {
  return {"results/"};
}
Path<kGet | kPut> result(ResultId id) {
  return {fmt::format("results/{}/", id.value)};
}

Path<kGet | kPost> benchmarks() {
  return {"benchmarks/"};
}
Path<kGet | kPut> benchmark(BenchmarkId id) {
  return {fmt::format("benchmarks/{}/", id.value)};
}
Path<kGet> benchmark_models(BenchmarkId id) {
  return {fmt::format("benchmarks/{}/models/", id.value)};
}
Path<kGet> benchmark_demo_runs(BenchmarkId id) {
  return {fmt::format("benchmarks/{}/demo_runs/", id.value)};
}
Path<kGet> benchmark_certificates(BenchmarkId id) {
  return {fmt::format("benchmarks/{}/datasets_certificates/", id.value)};
}
Path<kPost> certificates() {
  return {"certificates/"};
}
Path<kGet> certificate_keys(std::int64_t certificate) {
  return {fmt::format("certificates/{}/encrypted_keys/", certificate)};
}
Path<kPost | kPut> container_keys() {
  return {"encrypted_keys/bulk/"};
}
Path<kGet> aggregate(BenchmarkId id) {
  return {fmt::format("benchmarks/{}/aggregate/", id.value)};
}
Path<kGet | kPut | kDelete> committee(BenchmarkId id) {
  return {fmt::format("benchmarks/{}/committee/", id.value)};
}

Path<kPost> associations(std::string_view kind) {
  return {is_dataset(kind) ? "datasets/benchmarks/" : "models/benchmarks/"};
}
Path<kPut> association(std::string_view kind, std::int64_t object, BenchmarkId benchmark) {
  return {is_dataset(kind) ? fmt::format("datasets/{}/benchmarks/{}/", object, benchmark.value)
                           : fmt::format("models/{}/benchmarks/{}/", object, benchmark.value)};
}

Path<kGet | kPost> organisations() {
  return {"organisations/"};
}
Path<kGet | kPost> members(std::int64_t organisation) {
  return {fmt::format("organisations/{}/members/", organisation)};
}
Path<kPut | kDelete> member(std::int64_t organisation, std::int64_t user) {
  return {fmt::format("organisations/{}/members/{}/", organisation, user)};
}
Path<kPost> organisation_objects(std::int64_t organisation) {
  return {fmt::format("organisations/{}/objects/", organisation)};
}
Path<kPost> closed_groups() {
  return {"closed_groups/"};
}
Path<kGet> closed_group(std::int64_t id) {
  return {fmt::format("closed_groups/{}/", id)};
}
Path<kPost> insiders(std::int64_t closed_group) {
  return {fmt::format("closed_groups/{}/members/", closed_group)};
}

}  // namespace medperf::site::paths
