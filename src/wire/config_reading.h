#pragma once
// Steps that the readers of both container config formats share.

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "wire/container_config.h"
#include "wire/run_requests.h"

namespace medperf::wire {

inline constexpr std::size_t kMostTasks = 64;
inline constexpr std::size_t kMostVolumes = 64;
inline constexpr std::size_t kLongestText = 4096;

Error config_error(std::string where, std::string what, std::string advice = {});
/// "a.b"; "b" if `parent` is empty.
std::string join_path(std::string_view parent, std::string_view key);
/// A member that must be text without control characters, not empty, at most kLongestText bytes.
Result<std::string> required_text(const Json& object, std::string_view key, std::string_view where);
/// The same checks on a value; `where` is its own path.
Result<std::string> checked_text(const Json& value, std::string_view where);
/// An image reference: text that no program could take for an option.
Result<std::string> checked_image(const Json& object, std::string_view where);
Result<MountKind> read_kind(const Json& value, std::string_view where);
/// The task map: an object with 1 to kMostTasks named objects.
Status check_tasks(const Json* tasks);

Result<ContainerConfig> read_older_config(const Json& document);

}  // namespace medperf::wire
