#pragma once
// Singularity/Apptainer images (SIF): the header and table of descriptors, read here; the squashfs
// in them is unpacked by Debian's unsquashfs, which the caller runs behind walls.
// Layout: https://github.com/apptainer/sif, version 01 (pkg/sif/sif.go).

#include <optional>

#include "engine/image/archive.h"
#include "engine/image/tree_writer.h"

namespace medperf::engine {

/// Where the primary system partition lies in the file.
struct SifPartition {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::string architecture;  ///< as images name it, e.g. "amd64"
};

/// Whether the file begins as a SIF does.
bool is_sif(const FileHandle& file);

/// Finds the one primary system partition. Nothing is read beyond the file's end or the table.
/// Errors: corrupt (offsets that leave the file), invalid (version, no such partition or several,
/// encrypted, no squashfs), too_large (more than 4096 descriptors).
Result<SifPartition> read_sif(const FileHandle& file);

/// As read_archive: format "sif", the image's id is the SHA-256 of the whole file, the one layer
/// is the partition. What the file system holds is not listed, since only unsquashfs reads it.
Result<ImageArchive> read_sif_archive(const FileHandle& file, const ArchiveLimits& limits);

/// Copies the image's partition to a new file (0644), hashing what is copied: corrupt, when it is
/// not what read_sif_archive has hashed.
Status copy_file_system(const FileHandle& file, const ImageArchive& image, const fs::path& to);

/// Makes a tree that a foreign program has unpacked one of our own: removes devices, pipes and
/// sockets, sets modes as TreeWriter does, and gives all to this process's user. Follows no link.
/// Errors: too_large, unavailable.
Result<TreeCounts> clean_tree(const fs::path& root, const TreeLimits& limits = {});

/// Whether unsquashfs has unpacked everything but devices, which an ordinary user cannot make: its
/// exit code is 2 then, as for other lesser failures, which its words tell apart. Errors: corrupt.
Status judge_unsquashfs(int exit_code, std::string_view words);

}  // namespace medperf::engine
