#pragma once
// How a caller stands to an object: one query per kind of object.

#include <cstdint>

#include "domain/permission.h"
#include "hub/store/visibility.h"
#include "sql/database.h"

namespace medperf::hub {

enum class SubjectKind {
  kNone,  ///< the endpoint is about no single object
  kUser,
  kContainer,
  kAsset,
  kModel,
  kBenchmark,
  kDataset,
  kResult,
  kAccessToken,
  kInvitation,
  kDatasetPair,  ///< a dataset and a benchmark
  kModelPair,    ///< a model and a benchmark
  kCa,
  kCertificate,
  kEncryptedKey,
  kAggregator,
  kTraining,
  kTrainingEvent,
  kTrainingPair,  ///< a dataset and a training experiment
  kOrganisation,
  kMembership,  ///< an organisation and one of its members: ids of both
  kClosedGroup,
};

struct Subject {
  SubjectKind kind = SubjectKind::kNone;
  std::int64_t id = 0;
  std::int64_t host = 0;  ///< of a pair the benchmark or training; of a membership the member
};

struct Standing {
  domain::Relations relations;
  bool exists = true;
};

/// The relations of a user to the subject, without kSignedIn and kAdmin, and whether it exists for
/// `sight` (a pair exists if both its sides do). To what does not exist nobody has a relation.
Result<Standing> find_standing(sql::Session& session, std::int64_t user, const Sight& sight,
                               const Subject& subject);

}  // namespace medperf::hub
