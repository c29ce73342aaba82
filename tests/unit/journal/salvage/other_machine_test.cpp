// A journal on another machine than before: cloned, put back, or moved.
#include "journal/salvage/incidents.hpp"
#include "journal/salvage/opening.hpp"
#include "message/machine.hpp"
#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

using Sync = JournalSettings::Sync;

std::string epoch_on(const Directory& directory, const std::string& machine,
                     Sync sync = Sync::full) {
  JournalSettings settings = journal_settings(directory);
  settings.sync = sync;
  Journal journal = open_or_salvage(settings, "store-42", {}, machine);
  store(journal.before_start(), {{1, "t", machine}});
  return journal.before_start().epoch();
}

bool was_moved(const Directory& directory) {
  return !read_incidents(directory.path()).at("moved").is_null();
}

}  // namespace

TEST_CASE("machine: its id is not the machine's own, and is another with another board") {
  const std::string machine = "0123456789abcdef0123456789abcdef";
  const std::string id = machine_id_of(machine, "");
  CHECK(id.size() == 32);
  CHECK(id != machine);
  CHECK(id == machine_id_of(machine, ""));
  const std::string on_board = machine_id_of(machine, "10000000abcdef");
  CHECK(on_board != id);
  CHECK(!is_same_machine(on_board, machine_id_of(machine, "10000000abcdee")));
  CHECK(!is_same_machine(id, machine_id_of(std::string(32, 'a'), "")));
  CHECK(machine_id_of("uninitialized", "").empty());
  CHECK(machine_id_of("", "").empty());
}

TEST_CASE("machine: who may not read the board's serial number is on the same machine") {
  const std::string machine = "0123456789abcdef0123456789abcdef";
  const std::string id = machine_id_of(machine, ""), on_board = machine_id_of(machine, "1000");
  CHECK(is_same_machine(id, on_board));
  CHECK(is_same_machine(on_board, id));
  CHECK(is_same_machine(on_board, on_board));
}

TEST_CASE("other machine: the board's serial number counts once it was read") {
  const Directory directory;
  const std::string epoch = epoch_on(directory, "a");
  CHECK(epoch_on(directory, "a-1") == epoch);
  CHECK(epoch_on(directory, "a") == epoch);
  CHECK(!was_moved(directory));
  CHECK(epoch_on(directory, "a-2") != epoch);
}

TEST_CASE("other machine: a journal of before that was noted is taken for this machine's") {
  const Directory directory;
  const std::string epoch = epoch_on(directory, "a");
  std::filesystem::remove(directory.path() + "/machine");
  CHECK(epoch_on(directory, "b") == epoch);
  CHECK(!was_moved(directory));
}

TEST_CASE("other machine: two clones never give numbers of one epoch") {
  for (const Sync sync : {Sync::full, Sync::normal}) {
    const Directory first;
    const std::string epoch = epoch_on(first, "a", sync);
    const Directory second = first.copy();
    CHECK(epoch_on(second, "b", sync) != epoch);
    CHECK(was_moved(second));
    CHECK(epoch_on(first, "a", sync) == epoch);
    CHECK(!was_moved(first));
  }
}

TEST_CASE("other machine: the new epoch is begun once, and what waits still does") {
  const Directory directory;
  epoch_on(directory, "a");
  const std::string epoch = epoch_on(directory, "b");
  CHECK(epoch_on(directory, "b") == epoch);
  JournalCore core = open_journal(directory);
  CHECK(payloads(read_backlog(core, 1)) == "abb");
}

TEST_CASE("other machine: the bookmark of the one before still counts") {
  const Directory directory;
  const std::string epoch = epoch_on(directory, "a");
  Journal journal = open_or_salvage(journal_settings(directory), "store-42", {}, "b");
  CHECK(journal.before_start().former_epoch() == epoch);
}

TEST_CASE("other machine: what is not known is no other machine") {
  const Directory directory;
  const std::string epoch = epoch_on(directory, "");
  CHECK(epoch_on(directory, "a") == epoch);  // noted
  CHECK(epoch_on(directory, "") == epoch);
  CHECK(epoch_on(directory, "a") == epoch);
  CHECK(epoch_on(directory, "b") != epoch);
}

TEST_CASE("other machine: a journal that was moved on purpose keeps its epoch") {
  const Directory directory;
  const std::string epoch = epoch_on(directory, "a");
  adopt_journal(directory.path(), "b");
  CHECK(epoch_on(directory, "b") == epoch);
  CHECK(!was_moved(directory));
  CHECK(adopt_journal(directory.path(), "b"));
  CHECK(!adopt_journal(directory.path(), ""));
  CHECK_THROWS_AS(adopt_journal(Directory().path(), "b"), JournalError);
}
