#include "engine/scheduler/key_exchange.h"

#include <chrono>
#include <thread>
#include <utility>

#include "base/process.h"
#include "crypto/rsa_box.h"

namespace medperf::engine {
namespace {

constexpr std::chrono::milliseconds kLook{100};
constexpr int kDays = 2;  // nobody looks at it: the certificate carries a key, nothing else
constexpr std::string_view kAsks = ".asks";
constexpr std::string_view kAnswer = ".answer";

}  // namespace

Json to_json(const KeyRequest& request) {
  return Json::object({{"certificate", request.certificate},
                       {"node", request.node},
                       {"may_swap", request.may_swap}});
}

Result<KeyRequest> key_request_from_json(const Json& document) {
  KeyRequest out{document.get_string("certificate"), document.get_string("node"),
                 document.get_bool("may_swap", true)};
  if (!out.certificate.empty()) return out;
  return make_error(ErrorKind::kCorrupt, "certificate", "a task asks for a key without it");
}

Result<crypto::Secret> ask_for_key(const JobFolder& folder, std::string_view key,
                                   const KeyAsker& asker) {
  MEDPERF_TRY(const crypto::PrivateKey own, crypto::PrivateKey::generate());
  KeyRequest request{{}, asker.node, asker.may_swap};
  MEDPERF_TRY(request.certificate, own.self_signed("medperf task", kDays));
  const std::string name = "." + asker.attempt;
  MEDPERF_CHECK(folder.write_word(key, name + std::string(kAsks), to_text(to_json(request))));
  const auto end = std::chrono::steady_clock::now() + asker.patience;
  while (std::chrono::steady_clock::now() < end) {
    MEDPERF_TRY(const auto answer, folder.read_word(key, name + std::string(kAnswer)));
    if (answer) {
      folder.remove_word(key, name + std::string(kAsks));
      folder.remove_word(key, name + std::string(kAnswer));
      return own.decrypt(*answer);
    }
    if (stop_requested())
      return make_error(ErrorKind::kInterrupted, "key", "stopped while waiting for the key");
    MEDPERF_TRY(const auto owner, folder.owner(key));
    if (!owner) return make_error(ErrorKind::kUnavailable, "key", "nobody wants this run any more");
    std::this_thread::sleep_for(kLook);
  }
  folder.remove_word(key, name + std::string(kAsks));
  return make_error(ErrorKind::kUnavailable, "key",
                    "the client that has the key of the encrypted container does not answer",
                    "let 'medperf benchmark run' run until its tasks have begun");
}

Status answer_keys(const JobFolder& folder, const Job& job, const SealKey& seal) {
  for (const std::string& ending : folder.words(job.key, kAsks)) {
    const std::string name = ending.substr(0, ending.size() - kAsks.size());
    MEDPERF_TRY(const auto answered, folder.read_word(job.key, name + std::string(kAnswer)));
    if (answered) continue;
    MEDPERF_TRY(const auto text, folder.read_word(job.key, ending));
    if (!text) continue;  // the try has just ended
    MEDPERF_TRY(const Json document, parse_json(*text));
    MEDPERF_TRY(const KeyRequest request, key_request_from_json(document));
    MEDPERF_TRY(const std::string sealed, seal(job, request));
    MEDPERF_CHECK(folder.write_word(job.key, name + std::string(kAnswer), sealed));
  }
  return {};
}

}  // namespace medperf::engine
