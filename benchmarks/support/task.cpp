#include "support/task.h"

#include <cstdio>

#include "base/yaml.h"

namespace container {

using namespace medperf;

Result<TaskArguments> TaskArguments::read(int argc, char** argv) {
  TaskArguments arguments;
  if (argc > 1) arguments.task_ = argv[1];
  for (int i = 2; i < argc; ++i) {
    const std::string_view text = argv[i];
    const std::size_t equals = text.find('=');
    if (text.substr(0, 2) != "--" || equals == std::string_view::npos) {
      return make_error(ErrorKind::kInvalid, std::string(text), "it is no --name=path argument",
                        "The arguments of each task are in container_config.yaml.");
    }
    arguments.paths_[std::string(text.substr(2, equals - 2))] = text.substr(equals + 1);
  }
  return arguments;
}

Result<fs::path> TaskArguments::path(std::string_view name) const {
  const auto found = paths_.find(name);
  if (found == paths_.end() || found->second.empty()) {
    return make_error(ErrorKind::kInvalid, "--" + std::string(name), "it is missing",
                      "The arguments of each task are in container_config.yaml.");
  }
  return fs::path(found->second);
}

Result<Json> TaskArguments::parameters() const {
  MEDPERF_TRY(const fs::path file, path("parameters_file"));
  MEDPERF_TRY(const std::string text, read_file(file, mebibytes(1)));
  return parse_yaml(text);
}

Status write_mounted_file(const fs::path& file, std::string_view text) {
  std::FILE* const stream = std::fopen(file.c_str(), "wb");
  const bool written =
      stream != nullptr && std::fwrite(text.data(), 1, text.size(), stream) == text.size();
  const bool closed = stream != nullptr && std::fclose(stream) == 0;
  if (written && closed) return {};
  return make_error(ErrorKind::kUnavailable, file.string(), "it cannot be written",
                    "Check the mount and the free space.");
}

}  // namespace container
