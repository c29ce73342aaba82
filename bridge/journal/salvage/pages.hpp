// The pages of a database that SQLite may refuse to open, as they were committed last: from the
// file, or from its log. Nothing is written. https://www.sqlite.org/fileformat2.html
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace bascule {

// Big endian, as all numbers in pages are.
std::uint32_t big16(std::string_view bytes, std::size_t at);
std::uint32_t big32(std::string_view bytes, std::size_t at);

class Pages {
 public:
  static constexpr std::size_t page_bytes = 4'096;

  // `log` holds the log as it lies (log_sectors.hpp, if `sectors`); empty: there is none. Frames
  // behind the first wrong one are not read. Throws std::system_error if there is no such file.
  Pages(const std::string& path, const std::string& log, bool sectors);
  ~Pages();
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  std::uint32_t count() const { return count_; }  // numbered from 1
  // What a page has besides its reserved end.
  std::size_t usable_bytes() const { return usable_; }
  // A page of the database; empty where the file has none, or the device cannot read it.
  std::string read(std::uint32_t number) const;

 private:
  void read_log(const std::string& log);
  void find_usable();

  int file_ = -1;
  std::uint32_t count_ = 0;
  std::size_t usable_ = page_bytes;
  std::string log_;                                       // as SQLite has it
  std::unordered_map<std::uint32_t, std::size_t> newer_;  // where in it a page is
};

}  // namespace bascule
