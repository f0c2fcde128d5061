#include "engine/image/rpm_database.h"

#include <functional>
#include <string>
#include <vector>

namespace medperf::engine {
namespace {

constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr std::size_t kFileHeader = 100;  // of the first page
constexpr std::uint8_t kInterior = 0x05, kLeaf = 0x0d;
constexpr std::size_t kLeafHeader = 8, kInteriorHeader = 12;
constexpr std::size_t kLongestVarint = 9;
constexpr std::size_t kColumns = 4;  // of sqlite_master: type, name, tbl_name, rootpage

/// Reads numbers of one page; whatever leaves it makes `good` false, and gives 0.
class Reader {
 public:
  explicit Reader(std::string_view bytes, std::size_t at = 0) : bytes_(bytes), at_(at) {}
  bool good() const { return good_; }
  std::size_t at() const { return at_; }
  std::uint64_t big_endian(std::size_t size) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < size; ++i) out = out << 8 | byte();
    return out;
  }
  /// Seven bits a byte, the high bit says that more follow; the ninth has eight.
  std::uint64_t varint() {
    std::uint64_t out = 0;
    for (std::size_t i = 1; i <= kLongestVarint && good_; ++i) {
      const std::uint8_t next = byte();
      if (i == kLongestVarint) return out << 8 | next;
      out = out << 7 | (next & 0x7fU);
      if ((next & 0x80U) == 0) return out;
    }
    return out;
  }
  std::string_view text(std::uint64_t size) {
    if (at_ > bytes_.size() || size > bytes_.size() - at_) {
      good_ = false;
      return {};
    }
    const auto out = bytes_.substr(at_, static_cast<std::size_t>(size));
    at_ += static_cast<std::size_t>(size);
    return out;
  }

 private:
  std::uint8_t byte() {
    const auto one = text(1);
    return one.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(one.front());
  }
  std::string_view bytes_;
  std::size_t at_;
  bool good_ = true;
};

class Database {
 public:
  static std::optional<Database> open(std::string_view bytes) {
    if (bytes.size() < kFileHeader || !bytes.starts_with(kMagic)) return std::nullopt;
    Reader header(bytes, kMagic.size());
    std::size_t size = static_cast<std::size_t>(header.big_endian(2));
    if (size == 1) size = 65536;
    if (size < 512 || (size & (size - 1)) != 0 || bytes.size() < size) return std::nullopt;
    return Database(bytes, size);
  }

  /// Calls `leaf` for each leaf page of a table, with its bytes and where its header stands. False:
  /// the tree is damaged. No page is visited twice, so what points in circles ends.
  bool for_each_leaf(std::uint64_t root,
                     const std::function<bool(std::string_view, std::size_t)>& leaf) const {
    std::vector<bool> seen(bytes_.size() / page_size_ + 1, false);
    std::vector<std::uint64_t> next = {root};
    while (!next.empty()) {
      const std::uint64_t number = next.back();
      next.pop_back();
      if (number == 0 || number > bytes_.size() / page_size_ || seen[number]) return false;
      seen[number] = true;
      const auto page =
          bytes_.substr(static_cast<std::size_t>(number - 1) * page_size_, page_size_);
      const std::size_t start = number == 1 ? kFileHeader : 0;
      const auto kind = static_cast<std::uint8_t>(page[start]);
      if (kind == kLeaf ? !leaf(page, start) : kind != kInterior || !children(page, start, next))
        return false;
    }
    return true;
  }

  static std::uint64_t cells(std::string_view page, std::size_t start) {
    return Reader(page, start + 3).big_endian(2);
  }

 private:
  Database(std::string_view bytes, std::size_t page_size) : bytes_(bytes), page_size_(page_size) {}

  static bool children(std::string_view page, std::size_t start, std::vector<std::uint64_t>& out) {
    Reader pointers(page, start + kInteriorHeader);
    for (std::uint64_t left = cells(page, start); left > 0 && pointers.good(); --left) {
      Reader cell(page, static_cast<std::size_t>(pointers.big_endian(2)));
      out.push_back(cell.big_endian(4));
      if (!cell.good()) return false;
    }
    out.push_back(Reader(page, start + 8).big_endian(4));
    return pointers.good();
  }

  std::string_view bytes_;
  std::size_t page_size_;
};

/// How many bytes a column of this serial type takes.
std::uint64_t bytes_of(std::uint64_t type) {
  constexpr std::uint64_t kNumbers[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
  return type < 10 ? kNumbers[type] : type >= 12 ? (type - 12) / 2 : 0;
}

/// The root page of the table Packages, when this row of sqlite_master is its.
std::optional<std::uint64_t> packages_root(Reader cell) {
  (void)cell.varint();  // of the payload: what is wanted of it stands in the page
  (void)cell.varint();  // row id
  const std::size_t begin = cell.at();
  const std::uint64_t header = cell.varint();
  std::uint64_t types[kColumns] = {};
  for (auto& type : types) type = cell.varint();
  if (!cell.good() || cell.at() - begin > header) return std::nullopt;
  (void)cell.text(header - (cell.at() - begin));
  const auto kind = cell.text(bytes_of(types[0]));
  const auto name = cell.text(bytes_of(types[1]));
  (void)cell.text(bytes_of(types[2]));
  const std::uint64_t width = bytes_of(types[3]);
  const std::uint64_t root = types[3] == 9 ? 1 : width <= 8 ? cell.big_endian(width) : 0;
  if (!cell.good() || kind != "table" || name != "Packages") return std::nullopt;
  return root;
}

}  // namespace

std::optional<std::uint64_t> count_rpm_packages(std::string_view database) {
  const auto opened = Database::open(database);
  if (!opened) return std::nullopt;
  std::optional<std::uint64_t> root;
  const bool whole = opened->for_each_leaf(1, [&](std::string_view page, std::size_t start) {
    Reader pointers(page, start + kLeafHeader);
    for (std::uint64_t left = Database::cells(page, start); left > 0 && pointers.good(); --left) {
      const auto found =
          packages_root(Reader(page, static_cast<std::size_t>(pointers.big_endian(2))));
      if (found) root = found;
    }
    return pointers.good();
  });
  if (!whole || !root) return std::nullopt;
  std::uint64_t count = 0;
  const bool counted = opened->for_each_leaf(*root, [&](std::string_view page, std::size_t start) {
    count += Database::cells(page, start);
    return true;
  });
  return counted ? std::optional(count) : std::nullopt;
}

}  // namespace medperf::engine
