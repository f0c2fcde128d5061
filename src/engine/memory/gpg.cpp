#include "engine/memory/gpg.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/encoding.h"
#include "base/process.h"

namespace medperf::engine {
namespace {

constexpr Seconds kLongest{3 * 3600};
constexpr int kPassphrase = 3;
// gpg's own most; said so that it asks no agent to find one out.
constexpr const char* kRounds = "65011712";

bool has(const ProcessOutcome& outcome, std::string_view text) {
  return outcome.errors.find(text) != std::string::npos;
}

Error not_started(Error error) {
  if (error.kind != ErrorKind::kNotFound) return error;
  return make_error(ErrorKind::kNotFound, "gpg", "GnuPG is not installed",
                    "Install it: apt-get install gpg");
}

Error ended_early(const ProcessOutcome& outcome) {
  return outcome.timed_out
             ? make_error(ErrorKind::kTimedOut, "gpg", "it took too long", "Check the machine")
             : make_error(ErrorKind::kInterrupted, "gpg", "stopped on request");
}

/// The reading end of a pipe that holds the passphrase.
Result<FileHandle> pipe_with(const crypto::Secret& passphrase) {
  int ends[2] = {-1, -1};
  if (passphrase.text().size() >= PIPE_BUF)
    return make_error(ErrorKind::kInvalid, "key", "the key is longer than 4 KiB",
                      "Give the file that holds the passphrase alone");
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return make_error(ErrorKind::kUnavailable, "gpg", "no pipe can be made");
  FileHandle reading(ends[0]);
  const FileHandle writing(ends[1]);
  const std::string_view text = passphrase.text();
  if (::write(writing.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return make_error(ErrorKind::kUnavailable, "gpg", "the pipe takes no passphrase");
  return reading;
}

Result<ProcessOutcome> run_gpg(const FileHandle& in, const crypto::Secret& passphrase,
                               const FileHandle& out, std::optional<Bytes> limit,
                               const GpgPlace& place, std::initializer_list<const char*> words) {
  if (passphrase.empty())
    return make_error(ErrorKind::kRefused, "key", "the key is empty", "Give another key file");
  MEDPERF_TRY(const FileHandle secret, pipe_with(passphrase));
  if (::lseek(in.get(), 0, SEEK_SET) != 0)
    return make_error(ErrorKind::kUnavailable, "gpg", "the file cannot be read from its begin");
  Command command;
  command.argv = {"gpg", "--batch", "--quiet", "--no-options", "--homedir", place.home.native()};
  // No agent: it would keep passphrases, and outlive the run.
  for (const char* word : {"--no-autostart", "--no-symkey-cache", "--no-keyring", "--status-fd",
                           "2", "--pinentry-mode", "loopback", "--passphrase-fd", "3"})
    command.argv.emplace_back(word);
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  if (const auto path = place.environment.find("PATH"); path != place.environment.end())
    command.environment["PATH"] = path->second;
  command.environment["LC_ALL"] = "C.UTF-8";
  command.environment["GNUPGHOME"] = place.home.native();
  command.working_folder = "/";
  command.deadline = kLongest;
  command.files = {{in.get(), 0}, {out.get(), 1}, {secret.get(), kPassphrase}};
  command.file_limit = limit;
  auto outcome = run_process(command);
  if (!outcome.ok()) return not_started(std::move(outcome).error());
  if (outcome->timed_out || outcome->interrupted) return ended_early(*outcome);
  return outcome;
}

Error decryption_error(const ProcessOutcome& outcome, Bytes limit) {
  if (outcome.signal == SIGXFSZ || has(outcome, "File too large")) {
    return make_error(ErrorKind::kTooLarge, "gpg",
                      "the decrypted image is larger than " + to_string(limit),
                      "Ask for a smaller image, or raise images.archive_limit_mib of the policy");
  }
  if (has(outcome, "No space left")) {
    return make_error(ErrorKind::kTooLarge, "gpg",
                      "the decrypted image does not fit into this machine's memory",
                      "Run it on a machine with more memory");
  }
  // Only a wrong key is found before the first byte.
  if (has(outcome, "Bad session key") || has(outcome, "NEED_PASSPHRASE_SYM") == false) {
    if (has(outcome, "no valid OpenPGP data") || has(outcome, "NODATA"))
      return make_error(ErrorKind::kCorrupt, "gpg", "the file is not encrypted with GnuPG",
                        "Ask the owner of the container");
  }
  if (has(outcome, "Bad session key") || has(outcome, "Bad passphrase")) {
    return make_error(ErrorKind::kRefused, "key", "the key is not the one of this container",
                      "Ask the owner of the container for its key");
  }
  return make_error(ErrorKind::kCorrupt, "gpg",
                    "the encrypted file is damaged, or was not made by `gpg --symmetric`",
                    "Ask the owner of the container", printable(outcome.errors, 2000));
}

}  // namespace

Status decrypt(const FileHandle& sealed, const crypto::Secret& passphrase, const FileHandle& plain,
               Bytes limit, const GpgPlace& place) {
  MEDPERF_TRY(const auto outcome, run_gpg(sealed, passphrase, plain, limit, place, {"--decrypt"}));
  // A file that is not encrypted at all, only packed, comes out well too.
  if (outcome.success() && has(outcome, "DECRYPTION_OKAY")) return {};
  if (outcome.success())
    return make_error(ErrorKind::kCorrupt, "gpg", "the file is not encrypted",
                      "Ask the owner of the container");
  return decryption_error(outcome, limit);
}

Status encrypt(const FileHandle& plain, const crypto::Secret& passphrase, const FileHandle& sealed,
               const GpgPlace& place) {
  MEDPERF_TRY(const auto outcome,
              run_gpg(plain, passphrase, sealed, std::nullopt, place,
                      {"--cipher-algo", "AES256", "--compress-algo", "none", "--s2k-digest-algo",
                       "SHA512", "--s2k-count", kRounds, "--symmetric"}));
  if (outcome.success()) return {};
  return make_error(
      ErrorKind::kUnavailable, "gpg",
      has(outcome, "No space left") ? "the disk is full" : "the file could not be encrypted",
      "Check the disk", printable(outcome.errors, 2000));
}

}  // namespace medperf::engine
