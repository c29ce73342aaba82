#include "journal/salvage/rows.hpp"

#include <algorithm>
#include <iterator>

namespace bascule {
namespace {

constexpr std::uint64_t row_bytes_max = std::uint64_t{1} << 30;

// Numbers of SQLite's variable length; ends at the end of the bytes.
class Reader {
 public:
  Reader(std::string_view bytes, std::size_t at) : bytes_(bytes), at_(at) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int i = 0; i < 9; ++i) {
      const auto byte = static_cast<unsigned char>(next());
      if (i == 8) return value << 8 | byte;
      value = value << 7 | (byte & 0x7F);
      if ((byte & 0x80) == 0) break;
    }
    return value;
  }
  std::size_t at() const { return at_; }
  bool ok() const { return ok_; }

 private:
  char next() {
    if (at_ < bytes_.size()) return bytes_[at_++];
    ok_ = false;
    return 0;
  }

  std::string_view bytes_;
  std::size_t at_;
  bool ok_ = true;
};

bool is_leaf(Node::Kind kind) {
  return kind == Node::Kind::index_leaf || kind == Node::Kind::table_leaf;
}

// How much of a row of `size` bytes lies in the node.
std::size_t local_bytes(std::uint64_t size, std::size_t usable, Node::Kind kind) {
  const std::size_t most =
      kind == Node::Kind::table_leaf ? usable - 35 : (usable - 12) * 64 / 255 - 23;
  if (size <= most) return size;
  const std::size_t least = (usable - 12) * 32 / 255 - 23;
  const std::size_t fitting = least + (size - least) % (usable - 4);
  return fitting <= most ? fitting : least;
}

// Appends what follows in other pages; false: they are damaged. The last one has no successor.
bool append_rest(const Pages& pages, std::uint32_t next, std::uint64_t size, std::string& bytes) {
  const std::size_t piece = pages.usable_bytes() - 4;
  while (bytes.size() < size) {
    const std::string page = pages.read(next);
    if (page.empty() || page.find_first_not_of('\0') == page.npos) return false;
    next = big32(page, 0);
    bytes.append(page, 4, std::min<std::uint64_t>(piece, size - bytes.size()));
    if ((next == 0) != (bytes.size() == size)) return false;
  }
  return true;
}

std::int64_t integer_of(std::string_view bytes) {
  std::int64_t value = static_cast<signed char>(bytes[0]);
  for (const char byte : bytes.substr(1)) {
    value = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) << 8 |
                                      static_cast<unsigned char>(byte));
  }
  return value;
}

std::size_t length_of(std::uint64_t type) {
  constexpr std::size_t lengths[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
  return type < std::size(lengths) ? lengths[type] : (type - 12) / 2;
}

Value value_of(std::uint64_t type, std::string_view bytes) {
  using enum Value::Kind;
  if (type == 0) return {};
  if (type == 8 || type == 9) return {integer, static_cast<std::int64_t>(type - 8), {}};
  if (type < 7) return {integer, integer_of(bytes), {}};
  if (type == 7) return {real, 0, {}};
  return {type % 2 == 0 ? blob : text, 0, std::string(bytes)};
}

// The values of a record, as far as it is there.
bool decode(std::string_view record, std::uint64_t size, std::vector<Value>& values) {
  Reader header(record, 0);
  const std::uint64_t header_bytes = header.number();
  if (!header.ok() || header_bytes < 2 || header_bytes > record.size()) return false;
  std::uint64_t at = header_bytes;
  std::vector<std::uint64_t> types;
  while (header.at() < header_bytes) {
    const std::uint64_t type = header.number();
    if (type == 10 || type == 11 || type > 2 * row_bytes_max) return false;
    types.push_back(type);
    at += length_of(type);
  }
  if (header.at() != header_bytes || at != size) return false;
  at = header_bytes;
  for (const std::uint64_t type : types) {
    const std::size_t length = length_of(type);
    if (at + length > record.size()) break;
    values.push_back(value_of(type, record.substr(at, length)));
    at += length;
  }
  return true;
}

}  // namespace

std::optional<Node> read_node(const Pages& pages, std::uint32_t number) {
  Node node;
  node.page = pages.read(number);
  if (node.page.empty()) return std::nullopt;
  const std::string_view page = node.page;
  const std::size_t usable = pages.usable_bytes();
  const std::size_t head = number == 1 ? 100 : 0;  // the first page has the file's header
  node.kind = static_cast<Node::Kind>(page[head]);
  const bool leaf = is_leaf(node.kind);
  if (!leaf && node.kind != Node::Kind::index && node.kind != Node::Kind::table) {
    return std::nullopt;
  }
  const std::size_t cells_at = head + (leaf ? 8 : 12);
  const std::size_t count = big16(page, head + 3);
  const std::size_t content = big16(page, head + 5);
  const std::size_t pointers_end = cells_at + 2 * count;
  if (content < pointers_end || content > usable || (!leaf && count == 0)) return std::nullopt;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t cell = big16(page, cells_at + 2 * i);
    if (cell < content || cell + 4 > usable) return std::nullopt;
    node.cells.push_back(cell);
    if (leaf) continue;
    Node::Child child{big32(page, cell), 0};
    if (node.kind == Node::Kind::table) {
      child.key = static_cast<std::int64_t>(Reader(page, cell + 4).number());
    }
    node.children.push_back(child);
  }
  if (!leaf) node.children.push_back({big32(page, head + 8), 0});
  const bool there = std::ranges::all_of(node.children, [&](const Node::Child& child) {
    return child.page > 1 && child.page <= pages.count();
  });
  return there ? std::optional(std::move(node)) : std::nullopt;
}

std::optional<Row> read_row(const Pages& pages, const Node& node, std::size_t cell) {
  const std::string_view page = std::string_view(node.page).substr(0, pages.usable_bytes());
  Reader head(page, cell + (node.kind == Node::Kind::index ? 4 : 0));
  const std::uint64_t size = head.number();
  Row row;
  if (node.kind == Node::Kind::table_leaf) row.key = static_cast<std::int64_t>(head.number());
  if (!head.ok() || size < 2 || size > row_bytes_max) return std::nullopt;
  const std::size_t local = local_bytes(size, page.size(), node.kind);
  const bool goes_on = local < size;
  if (head.at() + local + (goes_on ? 4 : 0) > page.size()) return std::nullopt;
  std::string record(page.substr(head.at(), local));
  if (goes_on) row.cut = !append_rest(pages, big32(page, head.at() + local), size, record);
  if (row.cut) record.resize(local);
  if (!decode(record, size, row.values)) return std::nullopt;
  return row;
}

}  // namespace bascule
