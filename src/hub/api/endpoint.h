#pragma once
// An endpoint as data. The router, the permission check, OpenAPI and the generated test cases all
// come from these rows.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "domain/field.h"
#include "domain/permission.h"
#include "hub/services/context.h"
#include "hub/store/standing.h"
#include "net/http_types.h"

namespace medperf::hub {

struct Endpoint;
struct HubParts;

struct Answer {
  int status = 200;
  std::string body;  ///< JSON text; empty for 204
  net::Headers headers;
};

/// One request on its way through a handler: signed in, permitted, its subject known to exist.
struct Call {
  const net::Request& request;
  const Endpoint& endpoint;
  Context context;
  domain::Relations relations;        ///< the caller's, with kSignedIn and kAdmin
  std::array<std::int64_t, 2> ids{};  ///< {id} and {other} of the path
  std::string text;                   ///< {key_id} of the path
  const Json& body;                   ///< null without a body
  bool trust_forwarded = false;
};
/// Translates and calls one service; runs inside the request's transaction.
using Handler = Result<Answer> (*)(const Call&);
/// A handler that needs no signed-in user and no transaction of the router's.
using OpenHandler = Result<Answer> (*)(const HubParts&, const net::Request&, const Json& body);

/// What the answer's body is, for OpenAPI.
enum class Shape {
  kObject,  ///< one object of `answer`
  kPage,    ///< {count, next, previous, results: [object of `answer`]}
  kList,    ///< [object of `answer`]
  kOther,   ///< described by `schema`
  kNone,
};

/// Where the ids of the subject are.
enum class IdsIn {
  kPath,
  kBody,
  kBodyList,  ///< the body is an array; the caller must stand so to the subject of each item
};

/// A row. Default values are those of a read by path.
struct Endpoint {
  std::string_view method = "GET";
  std::string_view path;       ///< below /api/v0/, or absolute when it starts with '/'
  std::string_view operation;  ///< unique id
  domain::Relations who;
  SubjectKind subject = SubjectKind::kNone;
  IdsIn ids_in = IdsIn::kPath;
  /// False: an unknown subject is the service's affair (empty list, its own 404).
  bool must_exist = true;
  /// A body with this key needs one of `narrowed_who` instead of `who`.
  std::string_view narrowing_key = {};
  domain::Relations narrowed_who = {};
  /// Who has one of these may not send that key, whoever else they are: nobody decides on their
  /// own.
  domain::Relations narrowed_but = {};
  /// Who gets the object with its private fields.
  domain::Relations full_for = {};
  std::optional<domain::Entity> body = {};    ///< entity of the request's body
  std::optional<domain::Entity> answer = {};  ///< entity of the answer
  Shape shape = Shape::kObject;
  std::span<const std::string_view> shown = {};    ///< fields of the answer; none: all of its form
  bool expands_owner = false;                      ///< the owner's account instead of its id
  bool nested = false;                             ///< a model with the object it wraps
  std::span<const std::string_view> filters = {};  ///< of a list; none also means no ordering
  std::array<int, 5> statuses{};                   ///< of success and of refusals, beside 401, 405
  std::string_view sentence = {};
  std::string_view example = {};  ///< JSON text: of the body, or of the answer of a GET
  /// Manages how the caller signs in: a token made for a program does not suffice.
  bool by_person = false;
  /// Its answer holds a secret: it is kept nowhere, not even for a repeated request.
  bool shows_secret = false;
  Handler handler = nullptr;
  /// Prefetches what the handler will ask, where that saves round trips to a server.
  void (*ahead)(sql::Session&, const Caller&, const Json& body) = nullptr;
  OpenHandler open = nullptr;         ///< instead of `handler`
  std::string_view schema = {};       ///< JSON Schema of an answer of the shape kOther
  std::string_view body_schema = {};  ///< of a body that is no entity's
  std::string_view adds = {};  ///< JSON: schemas of members that `shown` objects may have besides
  std::string_view refusal_schema = {};  ///< of a status 400 that is no list of messages

  bool writes() const { return method != "GET"; }
};

}  // namespace medperf::hub
