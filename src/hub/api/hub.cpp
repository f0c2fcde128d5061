#include "hub/api/hub.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "base/encoding.h"
#include "base/log.h"
#include "crypto/sha256.h"
#include "domain/messages.h"
#include "hub/api/admission.h"
#include "hub/api/errors.h"
#include "hub/api/metrics.h"
#include "hub/api/preconditions.h"
#include "hub/api/routes.h"
#include "hub/api/subjects.h"
#include "hub/store/delivery.h"
#include "ledger/ledger.h"

namespace medperf::hub {

using domain::Relation;

namespace {

constexpr std::size_t kIdempotencyKeyLimit = 128;
constexpr std::size_t kOpenBodyLimit = 64U << 10U;  // of a request that nobody signed in for
constexpr std::string_view kIfMatch = "If-Match";
constexpr std::string_view kAccount = "account";

/// The body of a request, or the response that says what is wrong with it.
struct Body {
  Json value;
  std::optional<net::Response> problem;
};

Body read_body(const net::Request& request, JsonLimits limits) {
  if (request.method == "GET" || request.method == "HEAD" || request.method == "DELETE") return {};
  if (request.body.empty()) return {Json::object(), {}};
  const std::string_view type = trim(request.header("content-type"));
  const std::string_view media = trim(type.substr(0, type.find(';')));
  if (media != "application/json") {
    return {{},
            detail_response(
                415, "Unsupported media type \"" + printable(media, 100) + "\" in request.")};
  }
  const bool too_large = request.body.size() > limits.bytes;
  auto value = parse_json(request.body, limits);
  if (!value.ok()) {
    return {{},
            detail_response(too_large ? 413 : 400, "JSON parse error - " + value.error().text())};
  }
  return {std::move(value).value(), {}};
}

/// What a hub remembers between requests.
struct Memory {
  TokenCache& tokens;
  AnswerMemory& answers;
  AccountMemory& accounts;
  RateLimits& rates;
};

/// One signed-in request; lives on its worker's stack.
class Exchange {
 public:
  Exchange(const HubParts& parts, const Memory& memory, const net::Request& request,
           const Route& route, Credential credential, Body body)
      : parts_(parts),
        answers_(memory.answers),
        accounts_(memory.accounts),
        request_(request),
        endpoint_(*route.endpoint),
        values_(route.values),
        credential_(std::move(credential)),
        body_(std::move(body)),
        repeat_key_(request.method == "POST" && !endpoint_.shows_secret
                        ? request.header("idempotency-key")
                        : "") {
    if (!answers_.is_off()) memory_key_ = memory_key(endpoint_, request_, credential_);
  }

  net::Response run() {
    if (repeat_key_.size() > kIdempotencyKeyLimit) {
      return detail_response(400, "Idempotency-Key is longer than 128 characters.");
    }
    auto outcome = attempt();
    if (outcome.ok() && !outcome->has_value()) {
      auto added = add_unknown_user();
      if (!added.ok()) return error_response(added.error(), request_.request_id);
      outcome = attempt();
    }
    // A repeat fails, at the latest where its answer would be kept a second time: looking for the
    // first answer only then costs the others nothing.
    if (!outcome.ok() && !repeat_key_.empty()) outcome = first_answer_or(outcome.error());
    if (!outcome.ok()) {
      const Error& error = outcome.error();
      if (error.kind == ErrorKind::kUnavailable) answers_.clear();
      if (error.where == kIfMatch) return detail_response(412, error.text());
      return error_response(error, request_.request_id);
    }
    if (!outcome->has_value()) return bad_token("User not found");
    if (note_use_) write_down_use();
    return std::move(**outcome);
  }

 private:
  /// Nothing: the token's user is not known yet.
  using Outcome = std::optional<net::Response>;

  Result<Outcome> attempt() {
    auto outcome = attempt_once();
    if (outdated_ && !outcome.ok() && outcome.error().where == kAccount) outcome = attempt_once();
    return outcome;
  }

  Result<Outcome> attempt_once() {
    auto work = [this](sql::Session& session) { return in_transaction(session); };
    if (endpoint_.writes()) return parts_.database.write(work);
    if (!memory_key_) return parts_.database.read(work);
    return parts_.database.read([this](sql::Session& session) { return from_memory(session); });
  }

  /// The answer that was made when nothing else was committed; else a new one, which is kept.
  Result<Outcome> from_memory(sql::Session& session) {
    std::optional<std::string> version;
    if (answers_.holds(*memory_key_)) {
      MEDPERF_TRY(version, session.version());
      const auto kept = version ? answers_.find(*memory_key_, *version) : nullptr;
      if (kept != nullptr) {
        if (parts_.metrics != nullptr) parts_.metrics->count_given_again();
        return Outcome(*kept);
      }
    } else {
      session.prefetch_version();
    }
    MEDPERF_TRY(auto outcome, in_transaction(session));
    if (!outcome || outcome->status != 200) return outcome;
    if (!version) {
      MEDPERF_TRY(version, session.version());
    }
    if (version) answers_.keep(*memory_key_, *version, *outcome);
    return outcome;
  }

  Result<Outcome> in_transaction(sql::Session& session) {
    const std::string& subject = credential_.identity.subject;
    const bool may_remember = session.is_remote() && credential_.kind == SignedInBy::kToken;
    remembered_ = may_remember && !outdated_ ? accounts_.find(subject) : nullptr;
    auto account = remembered_;
    const bool was_known = account != nullptr;
    auto outcome = admitted(session, account);
    if (account && !was_known) accounts_.keep(subject, *account);
    MEDPERF_CHECK(check_remembered(session));
    return outcome;
  }

  /// Nothing is changed or answered on what the account no longer is. Also an error when statements
  /// failed: then nothing is known, and all is done again without what was remembered.
  Status check_remembered(sql::Session& session) {
    const auto remembered = std::exchange(remembered_, nullptr);
    if (!remembered) return {};
    const std::string& subject = credential_.identity.subject;
    const auto found = find_account(session, subject);
    if (found.ok() && *found && is_still(**found, *remembered)) return {};
    accounts_.forget(subject);
    outdated_ = true;
    return make_error(ErrorKind::kConflict, std::string(kAccount), "it was changed");
  }

  Result<Outcome> admitted(sql::Session& session, std::shared_ptr<const Account>& account) {
    const Demand demand{endpoint_, request_, parts_.settings, parts_.trust_forwarded};
    MEDPERF_TRY(auto admission, admit(session, credential_, demand, parts_.clock.now(), account));
    if (admission.problem) return Outcome(std::move(*admission.problem));
    if (admission.unknown_user) return Outcome();
    note_use_ = admission.note_use;
    const Caller& caller = *admission.caller;
    caller_ = caller.id();
    return answer(session, caller);
  }

  Result<Outcome> answer(sql::Session& session, const Caller& caller) {
    if (body_.problem && needs_body_to_decide()) return Outcome(*body_.problem);
    MEDPERF_CHECK(check_body_shape(endpoint_, body_.value));
    if (endpoint_.ahead != nullptr && session.is_remote() && !body_.problem) {
      endpoint_.ahead(session, caller, body_.value);
    }
    MEDPERF_TRY(auto relations, permitted(session, caller));
    if (body_.problem) return Outcome(*body_.problem);
    // Before anything is written: an id that is used up and not stored would tell of it.
    if (endpoint_.writes()) MEDPERF_CHECK(check_remembered(session));
    Json notes = Json::object();
    const Timestamp now = parts_.clock.now();  // inside the transaction: rows are in order of time
    const Call call{request_,
                    endpoint_,
                    {session, caller, now, parts_.settings, notes, relations},
                    relations,
                    values_.ids,
                    values_.text,
                    body_.value,
                    parts_.trust_forwarded};
    MEDPERF_CHECK(check_if_match(call));
    MEDPERF_TRY(auto made, endpoint_.handler(call));
    if (has_tag(endpoint_) && made.status == 200) {
      made.headers["etag"] = tag_of(made.body);
      if (names_tag(request_.header("if-none-match"), made.headers["etag"])) {
        made.status = 304;
        made.body.clear();
      }
    }
    if (endpoint_.writes()) MEDPERF_CHECK(record(session, caller, now, made, std::move(notes)));
    net::Response response;
    response.status = made.status;
    response.body = std::move(made.body);
    response.headers = std::move(made.headers);
    if (endpoint_.shows_secret) response.headers["cache-control"] = "no-store";
    return Outcome(std::move(response));
  }

  /// A change that names what it saw is made only to that (v0 has no such header: without it
  /// nothing is checked).
  Status check_if_match(const Call& call) {
    const std::string_view wanted = request_.header("if-match");
    if (wanted.empty() || !takes_tag(endpoint_)) return {};
    const Call look{
        request_,  *reader_of(endpoint_), call.context, call.relations, call.ids, call.text,
        call.body, call.trust_forwarded};
    MEDPERF_TRY(const auto seen, look.endpoint.handler(look));
    if (names_tag(wanted, tag_of(seen.body))) return {};
    return make_error(ErrorKind::kConflict, std::string(kIfMatch),
                      "the object is not what it was any more",
                      "Read it again before changing it.");
  }

  bool needs_body_to_decide() const {
    return endpoint_.ids_in != IdsIn::kPath || !endpoint_.narrowing_key.empty();
  }

  /// The caller's relations, or the error that v0 section 1.1 wants: 403 before 404.
  Result<domain::Relations> permitted(sql::Session& session, const Caller& caller) {
    MEDPERF_TRY(auto standing, standing_of(session, caller, endpoint_, values_, body_.value));
    domain::Relations relations = standing.relations;
    relations.add(Relation::kAnyone);
    relations.add(Relation::kSignedIn);
    if (caller.admin) relations.add(Relation::kAdmin);
    const bool narrowed =
        !endpoint_.narrowing_key.empty() && body_.value.contains(endpoint_.narrowing_key);
    if (narrowed && endpoint_.narrowed_but.intersects(relations)) return forbidden();
    const bool exists =
        standing.exists || !endpoint_.must_exist || endpoint_.ids_in != IdsIn::kPath;
    switch (domain::decide(narrowed ? endpoint_.narrowed_who : endpoint_.who, relations, exists)) {
      case domain::Decision::kAllow:
        return relations;
      case domain::Decision::kNotFound:
        return make_error(ErrorKind::kNotFound, {}, "Not found.");
      case domain::Decision::kUnauthenticated:
      case domain::Decision::kForbidden:
        break;
    }
    return forbidden();
  }

  static Error forbidden() {
    return make_error(ErrorKind::kForbidden, {},
                      "You do not have permission to perform this action.");
  }

  /// The log line of a write, and its answer for repeats, in the same transaction.
  Status record(sql::Session& session, const Caller& caller, Timestamp now, const Answer& made,
                Json notes) {
    Json line = Json::object({{"path", request_.path}, {"status", made.status}});
    if (!request_.body.empty() && !endpoint_.shows_secret) {
      line.set("body_digest", crypto::sha256_hex(request_.body));
    }
    if (!notes.members().empty()) line.set("notes", std::move(notes));
    MEDPERF_CHECK(ledger::append(
        session, {std::string(endpoint_.operation), caller.username(), std::move(line)}, now));
    if (repeat_key_.empty()) return {};
    return keep_answer(session, caller.id(), repeat_key_,
                       {request_digest(), made.status, made.body}, now, answers_expired_at(now));
  }

  Result<Outcome> first_answer_or(const Error& error) const {
    auto kept =
        parts_.database.read([this](sql::Session& session) -> Result<std::optional<StoredAnswer>> {
          if (!caller_) return std::optional<StoredAnswer>();
          return find_answer(session, *caller_, repeat_key_,
                             answers_expired_at(parts_.clock.now()));
        });
    if (!kept.ok() || !kept->has_value()) return error;
    return repeated(**kept);
  }

  Result<Outcome> repeated(const StoredAnswer& kept) const {
    if (kept.request_digest != request_digest()) {
      return make_error(ErrorKind::kConflict, "Idempotency-Key",
                        "this key was used with another request", "Use a new key.");
    }
    net::Response response;
    response.status = kept.status;
    response.body = kept.body;
    response.headers["idempotency-replayed"] = "true";
    return Outcome(std::move(response));
  }

  std::string request_digest() const {
    return crypto::sha256_hex(request_.method + "\n" + request_.path + "\n" + request_.body);
  }

  /// A valid token of the identity provider makes its user (v0 section 2).
  Status add_unknown_user() {
    auto added = parts_.database.write([this](sql::Session& session) -> Status {
      return bind_user(session, credential_.identity, parts_.clock.now());
    });
    if (!added.ok() && added.error().kind == ErrorKind::kConflict) return {};
    return added;
  }

  /// At most once a minute for each credential; the answer does not depend on it.
  void write_down_use() const {
    auto noted = parts_.database.write([this](sql::Session& session) -> Status {
      return note_use(session, credential_, parts_.clock.now());
    });
    if (!noted.ok()) log::warning("credential.use_not_noted", {{"what", noted.error().text()}});
  }

  const HubParts& parts_;
  AnswerMemory& answers_;
  AccountMemory& accounts_;
  const net::Request& request_;
  const Endpoint& endpoint_;
  PathValues values_;
  Credential credential_;
  Body body_;
  std::string repeat_key_;
  std::optional<std::string> memory_key_;  ///< of an answer that may be given again
  bool note_use_ = false;
  std::shared_ptr<const Account> remembered_;  ///< what this run rests on and has not looked at yet
  bool outdated_ = false;                      ///< the account is not what was remembered of it
  std::optional<std::int64_t> caller_;         ///< once admitted
};

net::Response answer_open(const HubParts& parts, const net::Request& request,
                          const Endpoint& endpoint) {
  JsonLimits limits = parts.settings.limits.json;
  limits.bytes = kOpenBodyLimit;
  Body body = read_body(request, limits);
  if (body.problem) return std::move(*body.problem);
  auto made = endpoint.open(parts, request, body.value);
  if (!made.ok()) return error_response(made.error(), request.request_id);
  net::Response response;
  response.status = made->status;
  response.body = std::move(made->body);
  response.headers = std::move(made->headers);
  return response;
}

net::Response wrong_method(const net::Request& request, const Route& route) {
  std::string allowed;
  for (const auto method : route.methods) allowed += std::string(method) + ", ";
  allowed += "HEAD, OPTIONS";
  net::Response response;
  if (request.method != "OPTIONS") {
    response =
        detail_response(405, "Method \"" + printable(request.method, 20) + "\" not allowed.");
  } else {
    response.body = R"({"renders":["application/json"],"parses":["application/json"]})";
  }
  response.headers["allow"] = allowed;
  return response;
}

/// The 429 of one that asks too often, or nothing.
std::optional<net::Response> throttle(RateLimit& limit, std::string_view key, Timestamp now) {
  const auto wait = limit.take(key, now);
  if (wait) return throttled(*wait);
  return std::nullopt;
}

net::Response respond(const HubParts& parts, const Memory& memory, const net::Request& request,
                      const Route& route) {
  const Timestamp now = parts.clock.now();
  if (auto busy = throttle(memory.rates.address, request.network, now)) return std::move(*busy);
  if (route.methods.empty()) return detail_response(404, "Not found.");
  if (route.endpoint != nullptr && route.endpoint->open != nullptr) {
    if (route.endpoint->writes()) {
      if (auto busy = throttle(memory.rates.anonymous, request.network, now))
        return std::move(*busy);
    }
    return answer_open(parts, request, *route.endpoint);
  }
  ShownCredential shown = read_credential(parts.tokens, memory.tokens, request, now);
  if (shown.problem) return std::move(*shown.problem);
  if (auto busy = throttle(memory.rates.user, shown.credential.rate_key(), now))
    return std::move(*busy);
  if (route.endpoint == nullptr) return wrong_method(request, route);
  return Exchange(parts, memory, request, route, std::move(shown.credential),
                  read_body(request, parts.settings.limits.json))
      .run();
}

}  // namespace

bool Hub::is_quick(const net::Request& request) const {
  if (parts_.database.dialect() != sql::Dialect::kSqlite || request.method != "GET") return false;
  if (notes_use(request)) return false;  // a write waits for the disk
  const Endpoint* endpoint = router_.find(request.method, request.path).endpoint;
  return endpoint != nullptr && endpoint->handler != nullptr && endpoint->answer.has_value();
}

net::Response Hub::handle(const net::Request& request) const {
  const auto begun = std::chrono::steady_clock::now();
  const Route route = router_.find(request.method, request.path);
  net::Response response =
      respond(parts_, {checked_tokens_, answers_, accounts_, *rates_}, request, route);
  if (request.method == "HEAD") response.body.clear();
  log::info("request", {{"request_id", request.request_id},
                        {"method", request.method},
                        {"path", request.path},
                        {"status", response.status}});
  if (parts_.metrics != nullptr) {
    parts_.metrics->count(route.endpoint, response.status,
                          std::chrono::steady_clock::now() - begun);
  }
  return response;
}

}  // namespace medperf::hub
