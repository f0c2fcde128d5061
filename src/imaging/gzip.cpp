#include "imaging/gzip.h"

#include <fmt/format.h>
#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <new>

namespace medperf::imaging {
namespace {

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
};
struct FreeCompressor {
  void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
};

Error corrupt(std::string what) {
  return make_error(ErrorKind::kCorrupt, {}, std::move(what),
                    "Copy the file again from its source, or write it anew.");
}

/// zlib's state, ended on every way out.
struct Inflater {
  z_stream stream{};
  bool ready = false;
  Inflater() { ready = inflateInit2(&stream, 15 + 16) == Z_OK; }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (ready) inflateEnd(&stream);
  }
};

}  // namespace

bool is_gzip(std::string_view bytes) {
  return bytes.size() >= 3 && bytes.substr(0, 3) == "\x1f\x8b\x08";
}

std::uint64_t most_unpacked(std::uint64_t packed) {
  constexpr std::uint64_t kRatio = 1032;
  return packed > std::numeric_limits<std::uint64_t>::max() / kRatio
             ? std::numeric_limits<std::uint64_t>::max()
             : packed * kRatio;
}

Result<std::string> gunzip_front(std::string_view bytes, std::size_t count) {
  Inflater inflater;
  if (!inflater.ready) throw std::bad_alloc();
  z_stream& stream = inflater.stream;
  std::string out(count, '\0');
  // A header lies within the first bytes: unless a member's name is absurdly long, it is there.
  constexpr std::size_t kMost = 1 << 20;
  bytes = bytes.substr(0, kMost);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(count);
  while (stream.avail_out > 0) {
    const int code = inflate(&stream, Z_SYNC_FLUSH);
    if (code == Z_STREAM_END && stream.avail_in > 0 && *stream.next_in == 0x1f) {
      inflateReset(&stream);
      continue;
    }
    if (code == Z_STREAM_END || code == Z_BUF_ERROR) break;
    if (code != Z_OK) return corrupt("the compressed data is damaged at its beginning");
  }
  out.resize(count - stream.avail_out);
  return out;
}

Status gunzip(std::string_view bytes, std::span<std::uint8_t> out) {
  const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor(
      libdeflate_alloc_decompressor());
  if (decompressor == nullptr) throw std::bad_alloc();
  const std::size_t announced = out.size();
  bool first = true;
  while (first || is_gzip(bytes)) {
    first = false;
    std::size_t used = 0;
    std::size_t made = 0;
    const auto code = libdeflate_gzip_decompress_ex(decompressor.get(), bytes.data(), bytes.size(),
                                                    out.data(), out.size(), &used, &made);
    if (code == LIBDEFLATE_INSUFFICIENT_SPACE) {
      return corrupt(
          fmt::format("the compressed data holds more than the {} bytes that the "
                      "header announces",
                      announced));
    }
    if (code != LIBDEFLATE_SUCCESS) {
      return corrupt("the compressed data is damaged or cut short");
    }
    bytes = bytes.substr(used);
    out = out.subspan(made);
  }
  if (bytes.find_first_not_of('\0') != std::string_view::npos) {
    return corrupt(fmt::format("{} bytes follow the compressed data", bytes.size()));
  }
  if (!out.empty()) {
    return corrupt(fmt::format("the header announces {} bytes, the compressed data holds {}",
                               announced, announced - out.size()));
  }
  return {};
}

std::string gzip(std::string_view bytes, int level) {
  const std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor(
      libdeflate_alloc_compressor(std::clamp(level, 1, 12)));
  if (compressor == nullptr) throw std::bad_alloc();
  std::string out(libdeflate_gzip_compress_bound(compressor.get(), bytes.size()), '\0');
  out.resize(libdeflate_gzip_compress(compressor.get(), bytes.data(), bytes.size(), out.data(),
                                      out.size()));
  return out;
}

}  // namespace medperf::imaging
