#include "imaging/nifti.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/encoding.h"
#include "imaging/gzip.h"
#include "imaging/sparse_gzip.h"

namespace medperf::imaging {
namespace {

static_assert(std::endian::native == std::endian::little, "NIfTI-1 is written in native order");

/// Where the voxels lie in a file.
struct Plan {
  NiftiHeader header;
  NiftiGrid grid;
  ElementType type = ElementType::kU8;
  std::size_t start = 0;  ///< of the voxels, in the unpacked file that holds them
  std::size_t frame_bytes = 0;
  std::size_t total = 0;           ///< bytes of that file: start and all frames
  std::optional<Scaling> scaling;  ///< from stored to true values
};

Error too_large(std::uint64_t frames_of, const Bytes& limit) {
  return make_error(ErrorKind::kTooLarge, {},
                    fmt::format("the header announces an image of more than {} ({} voxels a frame)",
                                to_string(limit), frames_of),
                    "Raise the limit if the image is as large as that.");
}

Result<std::size_t> data_start(const NiftiHeader& h, bool with_header, const Bytes& limit) {
  const std::size_t least =
      !with_header ? 0 : (h.version == 1 ? kNifti1HeaderBytes : kNifti2HeaderBytes) + 4;
  if (with_header && h.vox_offset == 0) return least;  // as some writers leave it
  if (!(h.vox_offset >= static_cast<double>(least)) || h.vox_offset != std::floor(h.vox_offset)) {
    return make_error(
        ErrorKind::kInvalid, {},
        fmt::format("the voxels are said to start at byte {} (vox_offset)", h.vox_offset),
        "Write the image again.");
  }
  if (h.vox_offset > static_cast<double>(limit.value)) {
    return make_error(
        ErrorKind::kTooLarge, {},
        fmt::format("the voxels are said to start at byte {:.0f} (vox_offset)", h.vox_offset));
  }
  return static_cast<std::size_t>(h.vox_offset);
}

/// Source: nifti1.h: "if scl_slope is nonzero then y = scl_slope * x + scl_inter"; a slope that is
/// not finite counts as none, as nibabel has it.
Result<std::optional<Scaling>> scaling_of(const NiftiHeader& h) {
  if (h.slope == 0 || !std::isfinite(h.slope)) return std::optional<Scaling>();
  if (!std::isfinite(h.intercept)) {
    return make_error(
        ErrorKind::kInvalid, {},
        fmt::format("the intercept of the intensities (scl_inter) is {}", h.intercept));
  }
  if (h.slope == 1 && h.intercept == 0) return std::optional<Scaling>();
  return std::optional<Scaling>({h.slope, h.intercept});
}

Result<Plan> make_plan(std::string_view front, bool pair, const NiftiOptions& options) {
  Plan plan;
  MEDPERF_TRY(plan.header, parse_nifti_header(front));
  if (plan.header.single_file == pair) {
    return make_error(ErrorKind::kInvalid, {},
                      pair ? "this header belongs to a single file, not to a pair"
                           : "this header belongs to a pair: the voxels are in an .img file",
                      "Give the name of the .nii file, or of the .hdr file of a pair.");
  }
  MEDPERF_TRY(plan.type, element_type(plan.header));
  MEDPERF_TRY(plan.grid, nifti_grid(plan.header));
  MEDPERF_TRY(plan.start, data_start(plan.header, !pair, options.limit));
  const std::uint64_t voxels = plan.grid.geometry.voxel_count();
  const std::uint64_t room = options.limit.value - plan.start;
  if (voxels > room / size_of(plan.type)) return too_large(voxels, options.limit);
  plan.frame_bytes = voxels * size_of(plan.type);
  if (plan.grid.frames > room / plan.frame_bytes) return too_large(voxels, options.limit);
  plan.total = plan.start + plan.frame_bytes * plan.grid.frames;
  if (plan.grid.frames > 1 && !options.frame) {
    return make_error(ErrorKind::kInvalid, {},
                      fmt::format("the image has {} frames of three dimensions", plan.grid.frames),
                      "Say which frame is meant, or save it alone.");
  }
  if (options.frame && *options.frame >= plan.grid.frames) {
    return make_error(ErrorKind::kInvalid, {},
                      fmt::format("the image has {} frames, frame {} (from 0) is asked for",
                                  plan.grid.frames, *options.frame));
  }
  MEDPERF_TRY(plan.scaling, scaling_of(plan.header));
  if (options.accept) MEDPERF_CHECK(options.accept(plan.grid.geometry));
  return plan;
}

/// The file that holds the voxels, unpacked. What is packed so well is a label map, and it is worth
/// knowing where that is zero.
Result<ElementBuffer> unpack(std::string_view bytes, std::size_t total) {
  const bool packed = is_gzip(bytes);
  const std::uint64_t most = packed ? most_unpacked(bytes.size()) : bytes.size();
  if (total > most) {
    return make_error(ErrorKind::kCorrupt, {},
                      fmt::format("the header announces {} bytes, the file holds {}{}", total,
                                  packed ? "at most " : "", most),
                      "The file is cut short or its header is wrong: copy it again.");
  }
  if (!packed && total < most) {
    return make_error(ErrorKind::kCorrupt, {},
                      fmt::format("{} bytes follow the voxels", most - total),
                      "The file is damaged or its header is wrong: write it again.");
  }
  if (packed && is_sparse(bytes.size(), total)) {
    bool unpacked = false;
    ElementBuffer buffer =
        ElementBuffer::sparse(total, [&](std::span<std::uint8_t> zeros, OccupiedBlocks& occupied) {
          unpacked = gunzip_sparse(bytes, zeros, occupied);
        });
    if (unpacked) return buffer;
  }
  ElementBuffer buffer(total);
  if (packed) {
    MEDPERF_CHECK(gunzip(bytes, {buffer.data(), buffer.size()}));
  } else {
    std::memcpy(buffer.data(), bytes.data(), total);
  }
  return buffer;
}

template <typename T>
void swap_bytes(std::uint8_t* data, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    std::reverse(data + i * sizeof(T), data + (i + 1) * sizeof(T));
  }
}

void swap_elements(Volume& volume) {
  const std::size_t size = size_of(volume.type);
  const std::size_t count = volume.elements.size() / size;
  if (size == 2) swap_bytes<std::uint16_t>(volume.elements.data(), count);
  if (size == 4) swap_bytes<std::uint32_t>(volume.elements.data(), count);
  if (size == 8) swap_bytes<std::uint64_t>(volume.elements.data(), count);
}

Status scale(const Scaling& scaling, const Bytes& limit, Volume& volume) {
  const std::uint64_t voxels = volume.geometry.voxel_count();
  if (voxels > limit.value / sizeof(double)) return too_large(voxels, limit);
  ElementBuffer scaled(voxels * sizeof(double));
  visit_elements(std::as_const(volume), [&](auto stored) {
    auto* out = reinterpret_cast<double*>(scaled.data());
    for (const auto value : stored) {
      *out++ = scaling.slope * static_cast<double>(value) + scaling.intercept;
    }
  });
  volume.elements = std::move(scaled);
  volume.type = ElementType::kF64;
  return {};
}

enum class Wanted { kValues, kLabels };

Result<Volume> finish(Plan&& plan, ElementBuffer&& file, const NiftiOptions& options,
                      Wanted wanted) {
  Volume volume;
  volume.geometry = plan.grid.geometry;
  volume.remarks = std::move(plan.grid.remarks);
  volume.type = plan.type;
  volume.elements = std::move(file);
  const std::size_t before = plan.start + plan.frame_bytes * options.frame.value_or(0);
  volume.elements.drop_front(before);
  volume.elements.shrink(plan.frame_bytes);
  if (plan.header.swapped) swap_elements(volume);
  if (wanted == Wanted::kLabels) {
    return plan.scaling ? to_labels(std::move(volume), *plan.scaling, options.limit)
                        : to_labels(std::move(volume), options.limit);
  }
  if (plan.scaling) MEDPERF_CHECK(scale(*plan.scaling, options.limit, volume));
  return volume;
}

Result<std::string> front_of(std::string_view bytes) {
  if (is_gzip(bytes)) return gunzip_front(bytes, kNifti2HeaderBytes);
  return std::string(bytes.substr(0, kNifti2HeaderBytes));
}

Result<Volume> out_of_memory(std::size_t bytes) {
  return make_error(ErrorKind::kUnavailable, {},
                    fmt::format("no memory for an image of {} bytes", bytes));
}

Result<Volume> parse(std::string_view header, std::string_view image, bool pair,
                     const NiftiOptions& options, Wanted wanted) {
  MEDPERF_TRY(const std::string front, front_of(header));
  MEDPERF_TRY(Plan plan, make_plan(front, pair, options));
  const std::size_t total = plan.total;
  try {
    MEDPERF_TRY(ElementBuffer file, unpack(image, total));
    return finish(std::move(plan), std::move(file), options, wanted);
  } catch (const std::bad_alloc&) {
    return out_of_memory(total);
  }
}

/// "scan.hdr" and "scan.img", each with ".gz" when the given name has it.
std::pair<fs::path, fs::path> pair_of(const fs::path& path) {
  const bool packed = path.extension() == ".gz";
  const fs::path bare = packed ? path.parent_path() / path.stem() : path;
  fs::path header = bare;
  fs::path image = bare;
  header.replace_extension(".hdr");
  image.replace_extension(".img");
  if (packed) {
    header += ".gz";
    image += ".gz";
  }
  return {header, image};
}

bool names_a_pair(const fs::path& path) {
  const fs::path bare = path.extension() == ".gz" ? path.stem() : path.filename();
  return bare.extension() == ".hdr" || bare.extension() == ".img";
}

Result<Volume> read(const fs::path& path, const NiftiOptions& options, Wanted wanted) {
  Result<Volume> volume = make_error(ErrorKind::kBug, {}, "not read");
  if (names_a_pair(path)) {
    const auto [header_path, image_path] = pair_of(path);
    MEDPERF_TRY(const std::string header, read_file(header_path, options.limit, options.links));
    MEDPERF_TRY(const std::string image, read_file(image_path, options.limit, options.links));
    volume = parse(header, image, true, options, wanted);
  } else {
    MEDPERF_TRY(const std::string bytes, read_file(path, options.limit, options.links));
    volume = parse(bytes, bytes, false, options, wanted);
  }
  if (!volume) return std::move(volume).error().at(printable(path.string()));
  return volume;
}

}  // namespace

Result<Volume> parse_nifti(std::string_view bytes, const NiftiOptions& options) {
  return parse(bytes, bytes, false, options, Wanted::kValues);
}

Result<Volume> parse_nifti_pair(std::string_view header, std::string_view image,
                                const NiftiOptions& options) {
  return parse(header, image, true, options, Wanted::kValues);
}

Result<Volume> read_nifti(const fs::path& path, const NiftiOptions& options) {
  return read(path, options, Wanted::kValues);
}

Result<Volume> parse_nifti_labels(std::string_view bytes, const NiftiOptions& options) {
  return parse(bytes, bytes, false, options, Wanted::kLabels);
}

Result<Volume> read_nifti_labels(const fs::path& path, const NiftiOptions& options) {
  return read(path, options, Wanted::kLabels);
}

Result<std::string> write_nifti(const Volume& volume, NiftiPacking packing) {
  MEDPERF_TRY(std::string bytes, make_nifti1_header(volume.geometry, volume.type));
  bytes.append(reinterpret_cast<const char*>(volume.elements.data()), volume.elements.size());
  return packing == NiftiPacking::kGzip ? gzip(bytes) : bytes;
}

}  // namespace medperf::imaging
