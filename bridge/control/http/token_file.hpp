// Who may ask over TCP: a file of tokens, one a line, each with its role and the name of its
// holder:
//
//   look    grafana  3f1d…
//   change  office   9ac4…
//
// `look` may ask, `change` may also change. A token has at least 20 characters, none of them a
// blank. Lines that begin with # are comments. A changed file counts from the next request on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bascule {

enum class Role { look, change };

// Who has shown a token.
struct Holder {
  Role role = Role::look;
  std::string name;
};

// One thread.
class TokenFile {
 public:
  static constexpr std::size_t token_bytes_min = 20;

  explicit TokenFile(std::string path) : path_(std::move(path)) {}

  // Nothing: no line has this token. Takes as long whichever of them it is like. Throws
  // std::runtime_error, without a token in it, if the file cannot be read or a line is wrong: then
  // nobody may ask.
  std::optional<Holder> holder_of(std::string_view token);

 private:
  struct Entry {
    Holder holder;
    std::string token;
  };
  struct Version {
    std::int64_t modified_ns = -1;
    std::uint64_t inode = 0, bytes = 0;
    bool operator==(const Version&) const = default;
  };

  void read_if_changed();

  std::string path_;
  Version version_;
  std::vector<Entry> entries_;
};

}  // namespace bascule
