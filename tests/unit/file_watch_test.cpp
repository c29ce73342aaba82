#include "file_watch.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace bascule;
namespace fs = std::filesystem;

namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/bascule-watch-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { fs::remove_all(path); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name) << text;
    return path / name;
  }
  fs::path path;
};

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("file watch: what has changed is told once, when it has stayed as it is") {
  const Folder folder;
  const std::string one = folder.write("one", "a"), two = folder.write("two", "a");
  FileWatch watch({one, "", two});
  CHECK(watch.look().empty());
  folder.write("one", "ab");
  CHECK(watch.look().empty());
  folder.write("one", "abc");
  CHECK(watch.look().empty());
  CHECK(watch.look() == Paths{one});
  CHECK(watch.look().empty());
}

TEST_CASE("file watch: it does not matter how a file changes") {
  const Folder folder;
  const std::string path = folder.write("file", "a");
  FileWatch watch({path});
  const auto told = [&] {
    watch.look();
    return watch.look() == Paths{path};
  };
  SUBCASE("a rename, of the same size and with the same time") {
    const auto time = fs::last_write_time(path);
    const std::string beside = folder.write("beside", "b");
    fs::last_write_time(beside, time);
    fs::rename(beside, path);
    CHECK(told());
  }
  SUBCASE("it goes, and is there again") {
    fs::remove(path);
    CHECK(told());
    folder.write("file", "a");
    CHECK(told());
  }
  SUBCASE("a link on its way points elsewhere") {
    fs::create_directory(folder.path / "first");
    fs::create_directory(folder.path / "second");
    folder.write("first/file", "a");
    folder.write("second/file", "b");
    fs::create_directory_symlink("first", folder.path / "now");
    const std::string behind = folder.path / "now/file";
    FileWatch linked({behind});
    fs::create_directory_symlink("second", folder.path / "new");
    fs::rename(folder.path / "new", folder.path / "now");
    linked.look();
    CHECK(linked.look() == Paths{behind});
  }
}
