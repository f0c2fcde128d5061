// What signed a session in, so that its user knows it again among others.

#include "hub/store/migrations/migrations.h"

namespace medperf::hub {

std::string session_clients_schema(sql::Dialect) {
  return R"sql(
ALTER TABLE sessions ADD COLUMN client TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN peer TEXT NOT NULL DEFAULT '';
)sql";
}

}  // namespace medperf::hub
