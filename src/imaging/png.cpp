#include "imaging/png.h"

#include <png.h>

#include <csetjmp>
#include <cstring>
#include <utility>

namespace medperf::imaging {
namespace {

// libpng leaves by longjmp, which must not jump over C++ objects: the functions that call setjmp
// (inspect, read_rows, write_rows) hold plain values only, and their buffers belong to the caller.

struct Source {
  const unsigned char* at;
  std::size_t left;
};

void read_bytes(png_structp png, png_bytep out, std::size_t size) {
  auto* source = static_cast<Source*>(png_get_io_ptr(png));
  if (size > source->left) png_error(png, "the file is cut short");
  std::memcpy(out, source->at, size);
  source->at += size;
  source->left -= size;
}

void write_bytes(png_structp png, png_bytep data, std::size_t size) {
  static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<const char*>(data), size);
}

void flush_nothing(png_structp) {}

/// Where libpng's message is left before it jumps.
struct Complaint {
  char text[160] = "";
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto* complaint = static_cast<Complaint*>(png_get_error_ptr(png));
  std::strncpy(complaint->text, message, sizeof complaint->text - 1);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

/// Owns libpng's two structures of a reader.
struct Reader {
  explicit Reader(Complaint& complaint)
      : png(png_create_read_struct(PNG_LIBPNG_VER_STRING, &complaint, on_error, on_warning)),
        info(png == nullptr ? nullptr : png_create_info_struct(png)) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
  png_structp png;
  png_infop info;
};

struct Writer {
  explicit Writer(Complaint& complaint)
      : png(png_create_write_struct(PNG_LIBPNG_VER_STRING, &complaint, on_error, on_warning)),
        info(png == nullptr ? nullptr : png_create_info_struct(png)) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { png_destroy_write_struct(&png, &info); }
  png_structp png;
  png_infop info;
};

bool inspect(Reader& reader, Source& source) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  // Size is judged by the caller with a better message than libpng's.
  png_set_user_limits(reader.png, 0x7fffffff, 0x7fffffff);
  png_set_chunk_malloc_max(reader.png, 1 << 20);
  png_set_chunk_cache_max(reader.png, 64);
  png_set_crc_action(reader.png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  png_set_read_fn(reader.png, &source, read_bytes);
  png_read_info(reader.png, reader.info);
  return true;
}

bool read_rows(Reader& reader, unsigned char** rows) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  if (png_get_bit_depth(reader.png, reader.info) == 16) png_set_swap(reader.png);
  png_set_packing(reader.png);  // fewer than 8 bits: a byte each, of the same value
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  png_read_image(reader.png, rows);
  png_read_end(reader.png, nullptr);
  return true;
}

bool write_rows(Writer& writer, std::string& out, const GreyImage& image, unsigned char** rows) {
  if (setjmp(png_jmpbuf(writer.png)) != 0) return false;
  png_set_write_fn(writer.png, &out, write_bytes, flush_nothing);
  png_set_IHDR(writer.png, writer.info, image.width, image.height, image.bits, PNG_COLOR_TYPE_GRAY,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  // Fixed, so that the same image gives the same bytes.
  png_set_compression_level(writer.png, 6);
  png_set_filter(writer.png, 0, PNG_FILTER_NONE);
  png_write_info(writer.png, writer.info);
  if (image.bits == 16) png_set_swap(writer.png);
  png_write_image(writer.png, rows);
  png_write_end(writer.png, nullptr);
  return true;
}

Error corrupt(const Complaint& complaint) {
  return make_error(ErrorKind::kCorrupt, {},
                    "this is no PNG image, or it is damaged (" + std::string(complaint.text) + ")",
                    "Export the image again.");
}

Error out_of_memory() {
  return make_error(ErrorKind::kUnavailable, {}, "no memory for the PNG library", "Try again.");
}

std::vector<unsigned char*> row_pointers(std::string& bytes, std::uint32_t height,
                                         std::size_t row_size) {
  std::vector<unsigned char*> rows(height);
  for (std::size_t y = 0; y < height; ++y) {
    rows[y] = reinterpret_cast<unsigned char*>(bytes.data()) + y * row_size;
  }
  return rows;
}

}  // namespace

Result<GreyImage> parse_png(std::string_view bytes, const PngLimits& limits) {
  Complaint complaint;
  Reader reader(complaint);
  if (reader.info == nullptr) return out_of_memory();
  Source source{reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()};
  if (!inspect(reader, source)) return corrupt(complaint);
  GreyImage image;
  image.width = png_get_image_width(reader.png, reader.info);
  image.height = png_get_image_height(reader.png, reader.info);
  image.bits = png_get_bit_depth(reader.png, reader.info);
  if (png_get_color_type(reader.png, reader.info) != PNG_COLOR_TYPE_GRAY ||
      image.bits < limits.fewest_bits) {
    return make_error(ErrorKind::kInvalid, {},
                      limits.fewest_bits < 8 ? "the PNG image is not grey"
                                             : "the PNG image is not grey with 8 or 16 bits",
                      "Export it as greyscale without alpha.");
  }
  const std::uint64_t count = std::uint64_t{image.width} * image.height;
  if (image.width > limits.side || image.height > limits.side || count > limits.pixels) {
    return make_error(ErrorKind::kTooLarge, {},
                      "the PNG image has " + std::to_string(image.width) + " x " +
                          std::to_string(image.height) + " pixels",
                      "Export it at a smaller size.");
  }
  const std::size_t size = image.bits == 16 ? 2 : 1;
  std::string raw(count * size, '\0');
  std::vector<unsigned char*> rows = row_pointers(raw, image.height, image.width * size);
  if (!read_rows(reader, rows.data())) return corrupt(complaint);
  image.pixels.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (size == 1) {
      image.pixels[i] = static_cast<unsigned char>(raw[i]);
    } else {
      std::memcpy(&image.pixels[i], raw.data() + 2 * i, 2);
    }
  }
  return image;
}

Result<std::string> write_png(const GreyImage& image) {
  const std::uint64_t count = std::uint64_t{image.width} * image.height;
  const bool shape_fits = count > 0 && count == image.pixels.size();
  if (!shape_fits || (image.bits != 8 && image.bits != 16)) {
    return make_error(ErrorKind::kInvalid, {},
                      "an image of " + std::to_string(image.width) + " x " +
                          std::to_string(image.height) + " pixels, " + std::to_string(image.bits) +
                          " bits and " + std::to_string(image.pixels.size()) +
                          " values cannot be written as PNG");
  }
  const std::size_t size = image.bits == 16 ? 2 : 1;
  std::string raw(count * size, '\0');
  for (std::size_t i = 0; i < count; ++i) {
    if (size == 1 && image.pixels[i] > 255) {
      return make_error(ErrorKind::kInvalid, {},
                        "a pixel of " + std::to_string(image.pixels[i]) + " does not fit 8 bits");
    }
    std::memcpy(raw.data() + size * i, &image.pixels[i], size);
  }
  Complaint complaint;
  Writer writer(complaint);
  if (writer.info == nullptr) return out_of_memory();
  std::vector<unsigned char*> rows = row_pointers(raw, image.height, image.width * size);
  std::string out;
  if (!write_rows(writer, out, image, rows.data())) {
    return make_error(ErrorKind::kBug, {}, "the PNG library refused an image", {}, complaint.text);
  }
  return out;
}

}  // namespace medperf::imaging
