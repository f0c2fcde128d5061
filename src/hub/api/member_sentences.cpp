#include "hub/api/member_sentences.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace medperf::hub {

namespace {

struct Sentence {
  std::string_view name;
  std::string_view sentence;
};

/// A name means the same in every schema that a row writes itself.
constexpr Sentence kSentences[] = {
    // signing in
    {"access", "The access token: sent as Bearer."},
    {"access_tokens", "True: tokens made for programs end too."},
    {"active", "False: the account is shut out."},
    {"by", "What the request was signed in with."},
    {"client", "What the device or the browser calls itself."},
    {"code", "Of the authenticator app, or a recovery code."},
    {"confirmed", "True: signing in needs a code."},
    {"created_at", "When it was made, UTC."},
    {"csrf_token", "What pages of this session send as X-CSRF-Token."},
    {"current", "True: this request came with it."},
    {"decision", "What the person decides; \"show\" changes nothing."},
    {"device_code", "The device's secret: what it asks for its token with."},
    {"email", "The address of the account."},
    {"error", "The reason, for programs (RFC 8628)."},
    {"error_description", "The reason, for people."},
    {"expires_at", "When it ends, UTC."},
    {"expires_in", "Seconds until both codes end."},
    {"interval", "Seconds to wait between two requests."},
    {"invitation", "The invitation's secret."},
    {"last_seen_at", "When a request came with it, UTC; a minute may lie between."},
    {"new_password", "The password from now on."},
    {"password", "The account's password."},
    {"peer", "The network address that asked."},
    {"recovery_codes", "Each is good once instead of a code of the app."},
    {"recovery_codes_left", "How many recovery codes are not used."},
    {"reset_code", "The secret that an admin gave."},
    {"scope", "What the token may do."},
    {"secret", "The app's secret, in base32."},
    {"token", "The token's text: sent as Bearer."},
    {"token_type", "How the token is sent."},
    {"uri", "The secret for a QR code (otpauth)."},
    {"user_code", "The short code that a person types."},
    {"username", "The account's name."},
    {"verification_uri", "The page where a person types the code."},
    {"verification_uri_complete", "The same page with the code in it."},
    // committees
    {"about", "What was voted on."},
    {"against", "Votes against so far."},
    {"committee", "How a vote stands; null where no committee decides."},
    {"for", "Votes for it so far."},
    {"member", "The user who voted."},
    {"members", "The users who vote."},
    {"threshold", "How many votes decide."},
    {"voice", "For whom the vote was given."},
    {"vote", "What was voted."},
    {"voted_at", "When, UTC."},
    {"waits_for_other_side", "True: the votes suffice, but the other side has to agree."},
    // results over all sites
    {"benchmark", "The id of the benchmark."},
    {"cases", "Figures of all cases as if in one list, from the sites' summaries."},
    {"container", "The id of the container."},
    {"dataset", "The id of the dataset."},
    {"direction", "Whether higher or lower is better."},
    {"figures", "The figures, or their values by key."},
    {"heterogeneity", "How far the sites differ, by the figure that ranks."},
    {"key", "The name by which values are given."},
    {"merge", "How values of sites become one."},
    {"model", "The id of the model."},
    {"organisation", "The id of the organisation."},
    {"models", "Each model with its values."},
    {"pooled", "Values over all sites; null if they are not released."},
    {"ranking", "True: models are ordered by it."},
    {"reference", "True: the benchmark's own model."},
    {"result", "The id of the result."},
    {"signed", "True: the site's signature was checked."},
    {"site", "The site's name."},
    {"sites", "Values of each site that is released."},
    {"statement", "What the figures are and are not, for people."},
    {"unit", "The unit of its values."},
    {"warnings", "What to know about the values, for people."},
    // the hub
    {"detail", "One sentence for people."},
    {"id", "The id of what it is about."},
    {"keys", "A JSON Web Key Set (RFC 7517)."},
    {"name", "A name for people."},
    {"openapi", "The version of OpenAPI."},
    {"paths", "Every endpoint."},
    {"software", "What answers."},
    {"status", "\"ok\", or why not."},
    {"version", "Of what answers."},
};

std::string_view sentence_of(std::string_view name) {
  const auto* found = std::find_if(std::begin(kSentences), std::end(kSentences),
                                   [&](const Sentence& one) { return one.name == name; });
  return found == std::end(kSentences) ? std::string_view() : found->sentence;
}

}  // namespace

void describe_members(Json& schema) {
  for (const char* several : {"anyOf", "allOf"}) {
    if (Json* forms = schema.find(several); forms != nullptr && forms->is_array()) {
      for (auto& form : forms->items()) describe_members(form);
    }
  }
  if (Json* items = schema.find("items")) describe_members(*items);
  Json* properties = schema.find("properties");
  if (properties == nullptr) return;
  for (auto& [name, member] : properties->members()) {
    describe_members(member);
    const auto sentence = sentence_of(name);
    if (!member.contains("description") && !member.contains("$ref") && !sentence.empty()) {
      member.set("description", sentence);
    }
  }
}

}  // namespace medperf::hub
