// The only file that knows spdlog: it is the thread-safe sink, the line is ours.
#include "base/log.h"

#include <fcntl.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/json_writing.h"

namespace medperf::log {
namespace {

constexpr std::size_t kUsualLine = 256;

std::atomic<Level> lowest{Level::kWarning};
std::array<std::atomic<std::uint64_t>, 4> written{};  ///< by level, debug first

struct Target {
  std::mutex mutex;
  std::shared_ptr<spdlog::logger> logger;
};

Target& target() {
  static Target the_target;
  return the_target;
}

std::shared_ptr<spdlog::logger> make_logger(spdlog::sink_ptr sink) {
  auto logger = std::make_shared<spdlog::logger>("medperf", std::move(sink));
  logger->set_pattern("%v");
  logger->set_level(spdlog::level::trace);
  logger->flush_on(spdlog::level::trace);
  return logger;
}

/// Made on the first line and not before: starting a program that logs nothing stays cheap.
std::shared_ptr<spdlog::logger> logger() {
  Target& here = target();
  const std::lock_guard lock(here.mutex);
  if (!here.logger) here.logger = make_logger(std::make_shared<spdlog::sinks::stderr_sink_mt>());
  return here.logger;
}

void write(Level level, std::string_view name, std::string_view event, Fields fields) {
  if (level < lowest.load(std::memory_order_relaxed)) return;
  TextBuffer line(kUsualLine);
  line.append("{\"time\":\"");
  append_iso8601(line, SystemClock().now());
  line.append("\",\"level\":\"");
  line.append(name);
  line.append("\",\"event\":");
  append_json_string(line, event);
  for (const auto& [key, value] : fields) {
    line.append(',');
    append_json_string(line, key);
    line.append(':');
    if (value.is_string()) {
      append_json_string(line, value.as_string());
    } else {
      line.append(to_text(value));
    }
  }
  line.append('}');
  written[static_cast<std::size_t>(level)].fetch_add(1, std::memory_order_relaxed);
  logger()->log(spdlog::level::info, line.text());
}

}  // namespace

void configure(Level level, const fs::path& file) {
  lowest.store(level);
  if (file.empty()) return;
  std::string problem;
  try {
    // Made here first, so that it is private from its first byte on.
    FileHandle(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)).close();
    auto made = make_logger(std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string()));
    Target& here = target();
    const std::lock_guard lock(here.mutex);
    here.logger = std::move(made);
    return;
  } catch (const std::exception& exception) {
    problem = exception.what();
  }
  error("log-file-unusable", {{"file", file.string()}, {"cause", printable(problem, 300)}});
}

void debug(std::string_view event, Fields fields) {
  write(Level::kDebug, "debug", event, fields);
}
void info(std::string_view event, Fields fields) {
  write(Level::kInfo, "info", event, fields);
}
void warning(std::string_view event, Fields fields) {
  write(Level::kWarning, "warning", event, fields);
}
void error(std::string_view event, Fields fields) {
  write(Level::kError, "error", event, fields);
}

LineCounts lines_written() {
  return {written[0].load(), written[1].load(), written[2].load(), written[3].load()};
}

}  // namespace medperf::log
