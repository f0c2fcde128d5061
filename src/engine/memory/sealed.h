#pragma once
// Images whose plaintext may lie in memory only: encrypted archives (GnuPG, symmetric). Looked at
// and run without a byte of them on a disk.

#include <map>
#include <string>

#include "crypto/secret.h"
#include "engine/engine.h"
#include "engine/memory/sealed_size.h"

namespace medperf::engine {

struct SealedSetup {
  fs::path probe_program;                          ///< medperf-probe
  std::map<std::string, std::string> environment;  ///< PATH, XDG_RUNTIME_DIR
};

/// What a look at the decrypted archive tells.
struct OpenedImage {
  ImageArchive image;
  Bytes plain;  ///< of the decrypted archive
};

/// Decrypts into an unnamed file in memory and reads the archive there, as read_archive. Errors:
/// those of decrypt and read_archive; unavailable (too little memory).
Result<OpenedImage> open_sealed(const FileHandle& sealed, const crypto::Secret& passphrase,
                                Bytes limit, const SealedSetup& setup);

/// Encrypts `plain` to the empty file `sealed`. Errors: those of encrypt.
Status seal(const FileHandle& plain, const crypto::Secret& passphrase, const FileHandle& sealed,
            const SealedSetup& setup);

/// An encrypted archive that was looked at before, with what was seen of its size.
struct SealedImage : SealedSize {
  fs::path file;      ///< the encrypted archive, on disk
  FileDigest digest;  ///< of that file
  ImageId image;      ///< of what is in it
  crypto::Secret passphrase;
};

/// One run, all of it in memory: verifies the encrypted file, decrypts it, gives it to a new engine
/// like `engine` with its whole store in memory, runs, and removes everything, however it ended.
/// Errors: as Engine::run; corrupt (the file or the image is another), refused (key), unavailable
/// (memory).
Result<RunOutcome> run_sealed(const Engine& engine, const SealedImage& image, const RunSpec& spec,
                              const SealedSetup& setup);

}  // namespace medperf::engine
