// The schema against the field tables, rows as they come back, and repeated requests.

#include "hub/store/columns.h"
#include "hub/store/repository.h"
#include "hub/tests/test_hub.h"

namespace medperf::hub {
namespace {

class StoreTest : public HubTest {};

TEST_P(StoreTest, EveryFieldIsAColumn) {
  for (const auto entity : domain::all_entities()) {
    const std::string table(sql_table(entity));
    auto rows = ask(*database_, "SELECT " + column_list(entity) + " FROM " + table);
    EXPECT_TRUE(rows.ok()) << table << ": " << rows.error().text() << rows.error().cause;
  }
}

/// A list whose order is no index would be sorted as a whole for each page.
TEST_P(StoreTest, EveryListHasItsOrderAsAnIndex) {
  const bool sqlite = GetParam() == sql::Dialect::kSqlite;
  const std::string explain = sqlite ? "EXPLAIN QUERY PLAN " : "EXPLAIN ";
  const std::string_view sorted = sqlite ? "TEMP B-TREE" : "Sort";
  for (const auto entity : domain::all_entities()) {
    for (const std::string where : {"", " WHERE is_valid = 1"}) {
      if (!where.empty() && domain::table_of(entity).find("is_valid") == nullptr) continue;
      if (!where.empty() && !sqlite) continue;  // what PostgreSQL does depends on the rows
      const std::string text = "SELECT " + columns_of(entity) + " FROM " +
                               std::string(sql_table(entity)) + where + " ORDER BY " +
                               default_order(entity) + " LIMIT 32";
      auto plan = ask(*database_, explain + text);
      ASSERT_TRUE(plan.ok()) << text << plan.error().cause;
      for (const auto& step : *plan) {
        EXPECT_EQ(step.text(sqlite ? 3 : 0).find(sorted), std::string::npos) << text;
      }
    }
  }
}

TEST_P(StoreTest, ARecordComesBackAsItWasStored) {
  const auto id = container("group", "kept");
  auto read = database_->read([&](sql::Session& session) {
    return Repository(domain::Entity::kContainer, Sight::whole()).get(session, id);
  });
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->text("name"), "kept");
  EXPECT_EQ(read->owner(), users_.at("group"));
  auto changed = database_->write([&](sql::Session& session) -> Status {
    read->set("is_valid", false);
    read->set("metadata", std::monostate());
    return Repository(domain::Entity::kContainer, Sight::whole()).update(session, *read);
  });
  ASSERT_TRUE(changed.ok()) << changed.error().text();
  const Json stored = expect(200, "group", "GET", path_of("mlcubes", id));
  EXPECT_FALSE(stored.get_bool("is_valid", true));
  EXPECT_TRUE(stored.find("metadata")->is_null());
}

TEST_P(StoreTest, UniquenessIsOfValuesNotOfText) {
  domain::Record first(domain::Entity::kContainer);
  first.set("container_config", domain::JsonText{R"({"a":1,"b":[1.0]})"});
  first.set("parameters_config", domain::JsonText{"{}"});
  domain::Record second = first;
  second.set("container_config", domain::JsonText{R"({ "b" : [1], "a" : 1.0 })"});
  EXPECT_EQ(container_uniqueness(first), container_uniqueness(second));
  second.set("container_config", domain::JsonText{R"({"a":1,"b":[2]})"});
  EXPECT_NE(container_uniqueness(first), container_uniqueness(second));
  second.set("parameters_config", std::monostate());
  EXPECT_FALSE(container_uniqueness(second));
}

TEST_P(StoreTest, ARepeatedRequestGetsTheFirstAnswer) {
  const net::Headers key = {{"idempotency-key", "step-1"}};
  const Json body = container_body("once");
  const Reply first = send("group", "POST", "mlcubes/", body, key);
  ASSERT_EQ(first.status, 201) << first.response.body;
  const auto log = rows("log_lines");
  const Reply again = send("group", "POST", "mlcubes/", body, key);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.response.body, first.response.body);
  EXPECT_EQ(again.response.headers.at("idempotency-replayed"), "true");
  EXPECT_EQ(rows("log_lines"), log);
  EXPECT_EQ(send("group", "POST", "mlcubes/", container_body("other"), key).status, 409);
  // Keys belong to users; a refusal is not kept.
  EXPECT_EQ(send("vendor", "POST", "mlcubes/", body, key).status, 400);
  EXPECT_EQ(send("vendor", "POST", "mlcubes/", container_body("vendor's"), key).status, 201);
  EXPECT_EQ(
      send("vendor", "POST", "mlcubes/", body, {{"idempotency-key", std::string(129, 'k')}}).status,
      400);
}

INSTANTIATE_TEST_SUITE_P(Engines, StoreTest,
                         testing::Values(sql::Dialect::kSqlite, sql::Dialect::kPostgres),
                         sql::engine_name);

}  // namespace
}  // namespace medperf::hub
