#pragma once
// Rows of one entity, written once over sql::Session from the entity's field table.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "domain/record.h"
#include "hub/store/visibility.h"
#include "sql/database.h"

namespace medperf::hub {

/// Which rows, in which order. `where` may use any SQL of both databases and names no foreign text:
/// values are parameters.
struct Selection {
  std::string where;  ///< empty: all
  sql::Params params;
  std::string order;        ///< empty: default_order(entity)
  std::int64_t limit = -1;  ///< -1: no limit
  std::int64_t offset = 0;

  void add(std::string_view condition, sql::Value value);
};

struct Page {
  std::int64_t count = 0;  ///< of all rows that the selection would give without limit
  std::vector<domain::Record> rows;
};

/// "... = ?" for the validity of an entity's rows; of an association it is that of the dataset or
/// model. Empty: its rows are never invalid.
std::string validity_condition(domain::Entity entity);

/// Ids of closed groups are drawn from here up (to 2^53); those that are counted stay below.
inline constexpr std::int64_t kLeastDrawnId = std::int64_t{1} << 40;

/// v0 section 1.3, with id as tie-break so that paging is stable.
std::string default_order(domain::Entity entity);

/// Takes a page as it is read: first the count of all that the selection would give without limit,
/// then each row.
struct PageReader {
  std::function<void(std::int64_t)> counted;
  sql::RowReader row;
};

/// One entity's rows as `sight` sees them: no read gives, counts or names a row that does not exist
/// for it. Stateless; usable by any thread with a session of its own.
class Repository {
 public:
  Repository(domain::Entity entity, const Sight& sight) : entity_(entity), sight_(sight) {}

  Result<std::optional<domain::Record>> find(sql::Session& session, std::int64_t id) const;
  /// As find; error not_found.
  Result<domain::Record> get(sql::Session& session, std::int64_t id) const;
  Result<std::optional<domain::Record>> find_where(sql::Session& session, std::string_view where,
                                                   const sql::Params& params) const;
  /// Whether another row has this value, among the rows that it must differ from: the public ones,
  /// or those of one closed group (a reference, or null) as far as they exist for `sight`.
  Result<bool> taken(sql::Session& session, std::string_view column,
                     const domain::FieldValue& value, const domain::FieldValue& closed_group) const;
  Result<std::vector<domain::Record>> select(sql::Session& session,
                                             const Selection& selection) const;
  Result<Page> page(sql::Session& session, const Selection& selection) const;
  /// One page for who writes it on at once: each row's columns are in the order of the field table.
  /// Nothing may be asked after it in a transaction that only reads, but what was prefetched.
  Status stream_page(sql::Session& session, const Selection& selection,
                     const PageReader& read) const;
  /// Stores a new row; `record` gets its id: the next one, or in a closed group a random one from
  /// 2^40 to 2^53, so that no gap tells of it. Errors: conflict (unique rule), invalid.
  Status insert(sql::Session& session, domain::Record& record) const;
  /// As insert, but tells with false, and goes on, when a unique rule is in the way. It reads
  /// nothing, so that writers of different rows do not wait for each other on any database.
  Result<bool> insert_if_free(sql::Session& session, domain::Record& record) const;
  /// As insert, under the id that the record has.
  Status insert_with_id(sql::Session& session, const domain::Record& record) const;
  /// Writes every column of an existing row.
  Status update(sql::Session& session, const domain::Record& record) const;
  /// Error: not_found; conflict when other rows refer to it.
  Status remove(sql::Session& session, std::int64_t id) const;

 private:
  domain::Entity entity_;
  Sight sight_;
};

/// As Repository::stream_page for models, each with what it wraps: the columns of the model, then
/// those of a container, then those of an asset, one of which is all null.
Status stream_models_page(sql::Session& session, const Sight& sight, const Selection& selection,
                          const PageReader& read);

/// SHA-256 of the canonical form of the four fields of a container that must differ together;
/// nothing when there are no parameters (SQL null is equal to nothing). Within a closed group the
/// group is part of it.
std::optional<std::string> container_uniqueness(const domain::Record& container);

}  // namespace medperf::hub
