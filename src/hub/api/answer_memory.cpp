#include "hub/api/answer_memory.h"

namespace medperf::hub {

namespace {

/// What a kept answer takes beside its texts, about.
constexpr std::uint64_t kOverhead = 512;

/// The headers that answers of reads depend on; a missing one is as an empty one.
constexpr std::string_view kHeaders[] = {"host", "x-forwarded-host", "if-none-match"};

std::uint64_t size_of(const std::string& key, const std::string& version,
                      const net::Response& response) {
  return kOverhead + 2 * key.size() + version.size() + response.body.size();
}

}  // namespace

std::shared_ptr<const net::Response> AnswerMemory::find(const std::string& key,
                                                        const std::string& version) {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(key);
  if (found == kept_.end()) return nullptr;
  if (found->second->version != version) {
    drop(found->second);
    return nullptr;
  }
  order_.splice(order_.begin(), order_, found->second);
  return found->second->response;
}

bool AnswerMemory::holds(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  return kept_.contains(key);
}

void AnswerMemory::keep(const std::string& key, const std::string& version,
                        const net::Response& response) {
  const std::uint64_t size = size_of(key, version, response);
  // One answer shall not push out all others.
  if (size > limit_.value / 4) return;
  auto copy = std::make_shared<const net::Response>(response);
  const std::lock_guard lock(mutex_);
  if (const auto found = kept_.find(key); found != kept_.end()) drop(found->second);
  while (bytes_ + size > limit_.value) drop(std::prev(order_.end()));
  order_.push_front({key, version, std::move(copy)});
  kept_[key] = order_.begin();
  bytes_ += size;
}

void AnswerMemory::clear() {
  const std::lock_guard lock(mutex_);
  order_.clear();
  kept_.clear();
  bytes_ = 0;
}

Bytes AnswerMemory::size() const {
  const std::lock_guard lock(mutex_);
  return Bytes{bytes_};
}

void AnswerMemory::drop(Order::iterator kept) {
  bytes_ -= size_of(kept->key, kept->version, *kept->response);
  kept_.erase(kept->key);
  order_.erase(kept);
}

std::optional<std::string> memory_key(const Endpoint& endpoint, const net::Request& request,
                                      const Credential& credential) {
  const bool plain_read = request.method == "GET" && endpoint.handler != nullptr &&
                          endpoint.answer.has_value() && !endpoint.by_person &&
                          !endpoint.shows_secret;
  if (!plain_read || credential.kind != SignedInBy::kToken) return std::nullopt;
  // The path is decoded: only its length keeps it from running into what follows.
  std::string key = credential.token_digest + "\n" + request.scheme + "\n" +
                    std::to_string(request.path.size()) + request.path + "\n" +
                    net::to_query_text(request.query);
  for (const auto header : kHeaders) key.append("\n").append(request.header(header));
  return key;
}

}  // namespace medperf::hub
