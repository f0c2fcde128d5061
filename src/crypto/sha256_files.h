#pragma once
// SHA-256 of many files on one core: two beside each other, which the processor's own instructions
// hash in three quarters of the time of one after the other.

#include <functional>

#include "base/files.h"
#include "base/ids.h"

namespace medperf::crypto {

/// The next file to hash, or null when there is none now. `beside`: another file is being hashed on
/// this core, so that a file that another core could take alone may be left to it. After null for
/// `beside` it is asked again when that other file ends.
using NextFile = std::function<const FileHandle*(bool beside)>;
/// A file has ended. The errors are those of digest_file.
using FileDone = std::function<void(const FileHandle* file, Result<FileDigest> digest)>;

/// Hashes files until `next` has none, each from offset 0 to its end; 64 KiB of memory a file
/// under way. Calls both functions on this thread; between `next` and `done` the handle stays open.
void digest_files(const NextFile& next, const FileDone& done);

}  // namespace medperf::crypto
