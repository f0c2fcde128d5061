#pragma once
// The rows of each command group; one file a group.

#include <span>

#include "cli/command.h"

namespace medperf::cli {

std::span<const Command> auth_commands();
std::span<const Command> profile_commands();
std::span<const Command> policy_commands();
std::span<const Command> doctor_commands();
std::span<const Command> container_commands();
std::span<const Command> model_commands();
std::span<const Command> asset_commands();
std::span<const Command> benchmark_commands();
std::span<const Command> dataset_commands();
std::span<const Command> association_commands();
std::span<const Command> organisation_commands();
std::span<const Command> result_commands();
std::span<const Command> run_commands();
std::span<const Command> site_commands();
std::span<const Command> storage_commands();
std::span<const Command> audit_commands();

}  // namespace medperf::cli
