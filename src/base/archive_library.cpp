// libarchive, loaded when the first archive is read: its chain of libraries (XML, Unicode tables,
// every compression) takes as long to load as all others together, which every start of a program
// would pay if it were linked. The functions that rooms engine and imaging call are defined here
// and pass on to it; the compiler checks them against the library's own headers.

#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace {

[[noreturn]] void give_up() {
  const char* reason = ::dlerror();
  std::fprintf(stderr, "libarchive cannot be loaded: %s. Install the package libarchive13.\n",
               reason == nullptr ? "unknown reason" : reason);
  std::_Exit(70);
}

template <typename Function>
Function* find(const char* name) {
  // Never closed: functions of it are kept.
  static void* const library = ::dlopen("libarchive.so.13", RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) give_up();
  void* found = ::dlsym(library, name);
  if (found == nullptr) give_up();
  return reinterpret_cast<Function*>(found);
}

}  // namespace

#define PASS_ON(name, ...)                                     \
  static auto* const function = find<decltype(::name)>(#name); \
  return function(__VA_ARGS__)

#define TAKES_ARCHIVE(result, name)       \
  extern "C" result name(archive* self) { \
    PASS_ON(name, self);                  \
  }
#define TAKES_ENTRY(result, name)               \
  extern "C" result name(archive_entry* self) { \
    PASS_ON(name, self);                        \
  }

TAKES_ARCHIVE(const char*, archive_error_string)
TAKES_ARCHIVE(int, archive_read_free)
TAKES_ARCHIVE(la_int64_t, archive_read_header_position)
TAKES_ARCHIVE(int, archive_read_support_filter_gzip)
TAKES_ARCHIVE(int, archive_read_support_filter_zstd)
TAKES_ARCHIVE(int, archive_read_support_format_empty)
TAKES_ARCHIVE(int, archive_read_support_format_raw)
TAKES_ARCHIVE(int, archive_read_support_format_tar)
TAKES_ARCHIVE(int, archive_read_support_format_zip)
TAKES_ARCHIVE(int, archive_write_add_filter_gzip)
TAKES_ARCHIVE(int, archive_write_close)
TAKES_ARCHIVE(int, archive_write_free)
TAKES_ARCHIVE(int, archive_write_set_format_raw)

TAKES_ENTRY(mode_t, archive_entry_filetype)
TAKES_ENTRY(void, archive_entry_free)
TAKES_ENTRY(const char*, archive_entry_hardlink)
TAKES_ENTRY(time_t, archive_entry_mtime)
TAKES_ENTRY(const char*, archive_entry_pathname)
TAKES_ENTRY(const char*, archive_entry_pathname_utf8)
TAKES_ENTRY(mode_t, archive_entry_perm)
TAKES_ENTRY(la_int64_t, archive_entry_size)
TAKES_ENTRY(int, archive_entry_sparse_count)
TAKES_ENTRY(const char*, archive_entry_symlink)

extern "C" {

archive* archive_read_new() {
  PASS_ON(archive_read_new);
}
archive* archive_write_new() {
  PASS_ON(archive_write_new);
}
archive_entry* archive_entry_new() {
  PASS_ON(archive_entry_new);
}
void archive_entry_set_filetype(archive_entry* self, unsigned type) {
  PASS_ON(archive_entry_set_filetype, self, type);
}
la_ssize_t archive_read_data(archive* self, void* buffer, size_t size) {
  PASS_ON(archive_read_data, self, buffer, size);
}
int archive_read_data_block(archive* self, const void** block, size_t* size, la_int64_t* offset) {
  PASS_ON(archive_read_data_block, self, block, size, offset);
}
int archive_read_next_header(archive* self, archive_entry** entry) {
  PASS_ON(archive_read_next_header, self, entry);
}
int archive_read_open(archive* self, void* data, archive_open_callback* open,
                      archive_read_callback* read, archive_close_callback* close) {
  PASS_ON(archive_read_open, self, data, open, read, close);
}
int archive_read_open_memory(archive* self, const void* bytes, size_t size) {
  PASS_ON(archive_read_open_memory, self, bytes, size);
}
la_ssize_t archive_write_data(archive* self, const void* bytes, size_t size) {
  PASS_ON(archive_write_data, self, bytes, size);
}
int archive_write_header(archive* self, archive_entry* entry) {
  PASS_ON(archive_write_header, self, entry);
}
int archive_write_open_memory(archive* self, void* buffer, size_t size, size_t* used) {
  PASS_ON(archive_write_open_memory, self, buffer, size, used);
}

void archive_set_error(archive* self, int number, const char* format, ...) {
  std::array<char, 512> text{};
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text.data(), text.size(), format, arguments);
  va_end(arguments);
  static auto* const function = find<decltype(::archive_set_error)>("archive_set_error");
  function(self, number, "%s", text.data());
}

}  // extern "C"
