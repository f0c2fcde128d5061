#include "hub/api/metrics.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/json.h"
#include "base/log.h"
#include "hub/api/hub.h"
#include "sql/database.h"

namespace medperf::hub {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

std::string number(double value) {
  return to_text(Json(value));
}

void describe(std::string& text, std::string_view name, std::string_view type,
              std::string_view sentence) {
  text.append("# HELP ").append(name).append(" ").append(sentence).append("\n");
  text.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

void add_sample(std::string& text, std::string_view name, std::string_view labels,
                std::string_view value) {
  text.append(name);
  if (!labels.empty()) text.append("{").append(labels).append("}");
  text.append(" ").append(value).append("\n");
}

void add_single(std::string& text, std::string_view name, std::string_view type,
                std::string_view sentence, std::uint64_t value) {
  describe(text, name, type, sentence);
  add_sample(text, name, {}, std::to_string(value));
}

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

void add_database(std::string& text) {
  const sql::Statistics database = sql::statistics();
  add_single(text, "medperf_hub_database_transactions_total", "counter", "Transactions.",
             database.transactions);
  add_single(text, "medperf_hub_database_retries_total", "counter",
             "Runs of a transaction repeated because others were in the way.", database.retries);
  add_single(text, "medperf_hub_database_busy_total", "counter",
             "Transactions given up because others stayed in the way.", database.busy);
}

void add_log(std::string& text) {
  constexpr std::string_view kName = "medperf_hub_log_lines_total";
  describe(text, kName, "counter", "Lines written to the program's log.");
  const log::LineCounts lines = log::lines_written();
  add_sample(text, kName, "level=\"debug\"", std::to_string(lines.debug));
  add_sample(text, kName, "level=\"info\"", std::to_string(lines.info));
  add_sample(text, kName, "level=\"warning\"", std::to_string(lines.warning));
  add_sample(text, kName, "level=\"error\"", std::to_string(lines.error));
}

void add_process(std::string& text, Timestamp started) {
  add_single(text, "process_resident_memory_bytes", "gauge", "Memory in use.", resident_bytes());
  describe(text, "process_cpu_seconds_total", "counter", "Processor time used.");
  add_sample(text, "process_cpu_seconds_total", {}, number(cpu_seconds()));
  describe(text, "process_start_time_seconds", "gauge", "Start of the process since 1970.");
  add_sample(text, "process_start_time_seconds", {},
             number(static_cast<double>(started.microseconds) / 1e6));
}

}  // namespace

Metrics::Metrics(Timestamp started) : started_(started) {
  for (std::size_t i = 0; i <= all_endpoints().size(); ++i) {
    operations_.push_back(std::make_unique<Counts>());
  }
}

std::string_view Metrics::name_of(std::size_t index) const {
  return index < all_endpoints().size() ? all_endpoints()[index].operation : "none";
}

void Metrics::count(const Endpoint* endpoint, int status,
                    std::chrono::steady_clock::duration took) {
  const auto index = endpoint == nullptr
                         ? operations_.size() - 1
                         : static_cast<std::size_t>(endpoint - all_endpoints().data());
  if (index >= operations_.size()) return;
  Counts& counts = *operations_[index];
  const auto at = std::find(kStatuses.begin(), kStatuses.end(), status);
  counts.statuses[static_cast<std::size_t>(at - kStatuses.begin())].fetch_add(1, kRelaxed);
  const double seconds = std::chrono::duration<double>(took).count();
  const auto bucket = std::lower_bound(kBuckets.begin(), kBuckets.end(), seconds);
  counts.buckets[static_cast<std::size_t>(bucket - kBuckets.begin())].fetch_add(1, kRelaxed);
  counts.microseconds.fetch_add(static_cast<std::uint64_t>(seconds * 1e6), kRelaxed);
}

void Metrics::add_requests(std::string& text) const {
  constexpr std::string_view kName = "medperf_hub_requests_total";
  describe(text, kName, "counter", "Answered requests by operation and status.");
  for (std::size_t i = 0; i < operations_.size(); ++i) {
    const auto& statuses = operations_[i]->statuses;
    for (std::size_t s = 0; s < statuses.size(); ++s) {
      const auto times = statuses[s].load(kRelaxed);
      if (times == 0) continue;
      const std::string status = s < kStatuses.size() ? std::to_string(kStatuses[s]) : "other";
      add_sample(text, kName,
                 "operation=\"" + std::string(name_of(i)) + "\",status=\"" + status + "\"",
                 std::to_string(times));
    }
  }
}

void Metrics::add_durations(std::string& text) const {
  constexpr std::string_view kName = "medperf_hub_request_seconds";
  describe(text, kName, "histogram", "Time from a request's arrival at a worker to its answer.");
  const std::string name(kName);
  for (std::size_t i = 0; i < operations_.size(); ++i) {
    const Counts& counts = *operations_[i];
    const std::string operation = "operation=\"" + std::string(name_of(i)) + "\"";
    std::array<std::uint64_t, kBuckets.size() + 1> buckets{};
    std::uint64_t all = 0;
    for (std::size_t b = 0; b < buckets.size(); ++b) {
      buckets[b] = counts.buckets[b].load(kRelaxed);
      all += buckets[b];
    }
    if (all == 0) continue;
    std::uint64_t so_far = 0;
    for (std::size_t b = 0; b < buckets.size(); ++b) {
      so_far += buckets[b];
      const std::string end = b < kBuckets.size() ? number(kBuckets[b]) : "+Inf";
      add_sample(text, name + "_bucket", operation + ",le=\"" + end + "\"", std::to_string(so_far));
    }
    add_sample(text, name + "_sum", operation,
               number(static_cast<double>(counts.microseconds.load(kRelaxed)) / 1e6));
    add_sample(text, name + "_count", operation, std::to_string(all));
  }
}

std::string Metrics::text(std::size_t connections) const {
  std::string text;
  describe(text, "medperf_hub_build_info", "gauge", "The program's version.");
  add_sample(text, "medperf_hub_build_info", "version=\"" MEDPERF_VERSION "\"", "1");
  add_requests(text);
  add_durations(text);
  add_single(text, "medperf_hub_answers_given_again_total", "counter",
             "Requests answered as before, because nothing was committed since.",
             given_again_.load(kRelaxed));
  add_single(text, "medperf_hub_connections", "gauge", "Connections open now.", connections);
  add_database(text);
  add_log(text);
  add_process(text, started_);
  return text;
}

}  // namespace medperf::hub
