#pragma once
// One row found by what it says. What a rule of the database keeps unique is asked for in the words
// of its index.

#include <cstdint>
#include <optional>
#include <string_view>

#include "domain/record.h"
#include "hub/store/visibility.h"
#include "sql/database.h"

namespace medperf::hub {

using FoundRecord = Result<std::optional<domain::Record>>;

/// A key that sites sign with, by its digest.
FoundRecord find_key(sql::Session& session, const Sight& sight, std::string_view key_id);
FoundRecord find_valid_key(sql::Session& session, const Sight& sight, std::int64_t owner);
FoundRecord find_valid_encrypted_key(sql::Session& session, const Sight& sight,
                                     std::int64_t certificate, std::int64_t container);
/// A benchmark of theirs that waits for the platform.
FoundRecord find_pending_benchmark(sql::Session& session, const Sight& sight, std::int64_t owner);
/// The model that wraps a container or an asset.
FoundRecord find_model_of(sql::Session& session, const Sight& sight, domain::Entity wrapped,
                          std::int64_t id);
FoundRecord find_membership(sql::Session& session, const Sight& sight, std::int64_t organisation,
                            std::int64_t member);
/// A row of a closed group's insiders, by its own id.
FoundRecord find_insider(sql::Session& session, const Sight& sight, std::int64_t closed_group,
                         std::int64_t row);
/// Of a training experiment, whoever sees it: the event that runs, and the newest.
FoundRecord running_event(sql::Session& session, std::int64_t training);
FoundRecord latest_event(sql::Session& session, std::int64_t training);

}  // namespace medperf::hub
