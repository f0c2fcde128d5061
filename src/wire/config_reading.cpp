#include "wire/config_reading.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/encoding.h"

namespace medperf::wire {

Error config_error(std::string where, std::string what, std::string advice) {
  return make_error(ErrorKind::kInvalid, std::move(where), std::move(what), std::move(advice));
}

std::string join_path(std::string_view parent, std::string_view key) {
  if (parent.empty()) return std::string(key);
  return std::string(parent) + "." + std::string(key);
}

Result<std::string> checked_text(const Json& value, std::string_view where) {
  if (!value.is_string()) {
    return config_error(std::string(where),
                        "Expected text, found " + std::string(value.type_name()),
                        "Put the value in quotes.");
  }
  const std::string& text = value.as_string();
  if (text.empty()) return config_error(std::string(where), "The text is empty");
  if (text.size() > kLongestText) {
    return config_error(std::string(where),
                        "The text is longer than " + std::to_string(kLongestText) + " bytes");
  }
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (std::any_of(text.begin(), text.end(), is_control)) {
    return config_error(std::string(where), "The text holds control characters");
  }
  return text;
}

Result<std::string> required_text(const Json& object, std::string_view key,
                                  std::string_view where) {
  const Json* value = object.find(key);
  if (value == nullptr || value->is_null()) {
    return config_error(join_path(where, key), "The key is missing");
  }
  return checked_text(*value, join_path(where, key));
}

Result<std::string> checked_image(const Json& object, std::string_view where) {
  MEDPERF_TRY(std::string image, required_text(object, "image", where));
  if (image[0] == '-' || image.find(' ') != std::string::npos) {
    return config_error(join_path(where, "image"), "This is no image reference",
                        "Give a registry reference or the address of the archive.");
  }
  return image;
}

namespace {

/// A size as it is written: a number and a unit.
struct WrittenSize {
  double number = 0;
  std::string unit;  ///< lower case; empty: bytes
  double bytes = 0;
};

Result<WrittenSize> read_size(std::string_view text, std::string_view where) {
  constexpr double kLargest = 1ULL << 46;  // 64 TiB
  const auto refused = [&] {
    return config_error(std::string(where), "This is no size",
                        "Write a number and a unit, such as '2g'.");
  };
  WrittenSize out;
  const auto [end, problem] =
      std::from_chars(text.data(), text.data() + text.size(), out.number, std::chars_format::fixed);
  if (problem != std::errc() || !std::isfinite(out.number) || out.number < 0) return refused();
  for (const char c : text.substr(static_cast<std::size_t>(end - text.data()))) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (lower != ' ' || !out.unit.empty()) out.unit += lower;
  }
  constexpr std::string_view kUnits = "bkmgt";
  std::size_t power = 0;
  if (!out.unit.empty()) {
    power = kUnits.find(out.unit[0]);
    const std::string_view rest = std::string_view(out.unit).substr(1);
    const bool known = rest.empty() || (power > 0 && (rest == "b" || rest == "ib"));
    if (power == std::string_view::npos || !known) return refused();
  }
  out.bytes = out.number * std::pow(1024.0, static_cast<double>(power));
  if (out.bytes > kLargest) return refused();
  return out;
}

}  // namespace

Result<std::string> checked_size(std::string_view text, std::string_view where) {
  MEDPERF_TRY(const WrittenSize size, read_size(text, where));
  if (size.number == std::floor(size.number) && size.unit.size() <= 1)
    return std::to_string(static_cast<std::uint64_t>(size.number)) + size.unit;
  return std::to_string(static_cast<std::uint64_t>(size.bytes)) + "b";
}

Result<Bytes> size_in_bytes(std::string_view text, std::string_view where) {
  MEDPERF_TRY(const WrittenSize size, read_size(text, where));
  return Bytes{static_cast<std::uint64_t>(size.bytes)};
}

Result<std::string> checked_gpus(std::string_view text, std::string_view where) {
  constexpr std::size_t kMostDigits = 4;
  constexpr std::string_view kDevice = "device=";
  const bool digits = !text.empty() && text.size() <= kMostDigits &&
                      text.find_first_not_of("0123456789") == std::string_view::npos;
  bool devices = text.starts_with(kDevice) && text.find_first_of(" \t\n") == std::string_view::npos;
  if (devices) {
    const auto names = split(text.substr(kDevice.size()), ',');
    devices = std::none_of(names.begin(), names.end(), [](auto name) { return name.empty(); });
  }
  if (text.empty() || text == "all" || digits || devices) return std::string(text);
  return config_error(std::string(where), "Unknown GPU request",
                      "Accepted are a number, 'all' and 'device=0,1'.");
}

Result<MountKind> read_kind(const Json& value, std::string_view where) {
  if (value.is_string() && value.as_string() == "file") return MountKind::kFile;
  if (value.is_string() && value.as_string() == "directory") return MountKind::kDirectory;
  return config_error(std::string(where), "Unknown type",
                      "Accepted types are 'file' and 'directory'.");
}

Status check_tasks(const Json* tasks) {
  if (tasks == nullptr || !tasks->is_object() || tasks->members().empty()) {
    return config_error("tasks", "There are no tasks",
                        "A container config needs a map 'tasks' with at least one task.");
  }
  if (tasks->members().size() > kMostTasks) {
    return config_error("tasks", "There are more than " + std::to_string(kMostTasks) + " tasks");
  }
  for (const auto& [name, task] : tasks->members()) {
    if (name.empty() || name[0] == '-' || name.size() > 128) {
      return config_error("tasks", "A task has an unusable name");
    }
    if (!task.is_object() && !task.is_null()) {
      return config_error(join_path("tasks", name), "The task is not a map");
    }
  }
  return {};
}

}  // namespace medperf::wire
