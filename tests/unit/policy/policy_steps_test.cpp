// P4 and determinism: the power goes at any moment, and each step has happened entirely or not at
// all; the same inputs in the same order give the same bytes.
#include <fstream>
#include <random>

#include "support/crash_vfs.hpp"
#include "support/policy_case.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

using Texts = std::vector<std::string>;

// A count in the state, in a key of its own, and in both directions; cases and verdicts besides.
int count(Step& step, const bascule_input& input) {
  const std::string before = state_of(step, "n");
  const std::string number = std::to_string(before.empty() ? 1 : std::stoi(before) + 1);
  step.put("n", number);
  step.put("seen/" + number, view(input.payload));
  if (number.back() == '3') step.erase("seen/" + std::to_string(std::stoi(number) - 1));
  step.emit(output(Direction::up, "up", number));
  step.emit(output(Direction::down, "down", number + ":" + std::string(view(input.payload))));
  if (number.back() == '5') step.open_case("five", number, "{}");
  return step.explain("{\"n\":" + number + "}");
}

// Everything that steps have left behind, as text.
Texts everything(PolicyCase& seats) {
  Texts all;
  for (const auto& [key, value] :
       seats.core().store().policies().states(seats.runner().id(), "", "", 10'000)) {
    all.push_back(key + "=" + value);
  }
  for (const Direction direction : {Direction::up, Direction::down}) {
    for (const std::string& payload : seats.payloads(direction)) all.push_back("> " + payload);
    const LaneId lane = seats.core().lane(direction, "policy/seats");
    for (const Decision& one : seats.core().store().policies().decisions(lane, 0, 10'000)) {
      all.push_back(std::to_string(one.sequence) + " after " + std::to_string(one.after) + " " +
                    one.emitted + one.verdict);
    }
  }
  for (const Case& one : seats.core().store().policies().cases(true, 1'000, 1'000)) {
    all.push_back("case " + std::to_string(one.number) + " " + one.subject);
  }
  return all;
}

// What is wrong with what a cut has left; empty: nothing.
std::string fault(PolicyCase& seats) {
  const std::uint64_t decided =
      seats.lane(Direction::up).cursor + seats.lane(Direction::down).cursor;
  const std::string n = seats.state("n");
  if ((n.empty() ? 0 : std::stoull(n)) != decided) return "the state is not that of the cursors";
  for (const Direction direction : {Direction::up, Direction::down}) {
    const Texts sent = seats.payloads(direction);
    if (sent.size() != decided) return "what was emitted is not that of the cursors";
    for (std::size_t i = 0; i < sent.size(); ++i) {
      if (std::stoull(sent[i]) != i + 1) return "what was emitted is not in order";
    }
    if (seats.core().report().tallies[direction].emitted != decided) {
      return "the tally is not that of the cursors";
    }
  }
  return seats.core().report().cases == (decided + 5) / 10 ? "" : "cases are missing";
}

Directory on_disk(const CrashDisk::Files& files) {
  Directory directory;
  for (const auto& [path, bytes] : files) {
    if (bytes.empty()) continue;
    const auto name = std::filesystem::path(path).filename().string();
    std::ofstream(directory.path() + "/" + name, std::ios::binary) << bytes;
  }
  return directory;
}

}  // namespace

TEST_CASE("policy: the power goes at any moment, and a step is there entirely or not at all") {
  std::mt19937_64 random(1);
  std::vector<CrashDisk::Files> cuts;
  {
    CrashDisk disk;
    PolicyCase seats(count);
    disk.before_change = [&] {
      if (random() % 2 == 0) cuts.push_back(disk.cut(random));
    };
    for (int i = 0; i < 100; ++i) {
      for (auto more = random() % 4; more > 0; --more) {
        seats.put("p" + std::to_string(i), random() % 3 == 0 ? Direction::down : Direction::up);
      }
      seats.turn();
    }
    disk.before_change = nullptr;
  }
  CHECK(cuts.size() > 50);
  std::uint64_t begun_in_vain = 0;
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    CAPTURE(i);
    PolicyCase seats(count, {}, {}, on_disk(cuts[i]));
    CHECK(fault(seats) == "");
    begun_in_vain += seats.lane(Direction::up).backlog() + seats.lane(Direction::down).backlog();
    seats.run();
    seats.core().commit();
    CHECK(fault(seats) == "");
    CHECK(seats.lane(Direction::up).backlog() + seats.lane(Direction::down).backlog() == 0);
  }
  CHECK(begun_in_vain > 0);  // else no cut came between an input and its step
}

TEST_CASE("policy: the same inputs in the order that was noted give the same bytes") {
  std::mt19937_64 random(7);
  PolicyCase first(count);
  for (int i = 0; i < 300; ++i) {
    first.put("p" + std::to_string(i), random() % 2 == 0 ? Direction::down : Direction::up);
    if (random() % 5 == 0) first.turn();
    if (random() % 50 == 0) first.crash();
  }
  first.run();
  first.core().commit();

  // The order of the two lanes, from what each decision was after.
  std::vector<std::pair<Direction, std::string>> order;
  std::vector<Decision> decisions[2];
  std::vector<Got> inputs[2];
  for (const Direction direction : {Direction::up, Direction::down}) {
    const LaneId lane = first.core().lane(direction, "policy/seats");
    decisions[static_cast<int>(direction)] =
        first.core().store().policies().decisions(lane, 0, 10'000);
    inputs[static_cast<int>(direction)] = read_all(first.core(), lane);
  }
  std::size_t next[2] = {};
  while (next[0] < inputs[0].size() || next[1] < inputs[1].size()) {
    const bool up = next[0] < inputs[0].size() && decisions[0][next[0]].after == next[1];
    const int side = up ? 0 : 1;
    REQUIRE(decisions[side][next[side]].after == next[1 - side]);
    order.emplace_back(static_cast<Direction>(side), inputs[side][next[side]].payload);
    ++next[side];
  }

  PolicyCase again(count);
  for (const auto& [direction, payload] : order) {
    again.put(payload, direction);
    again.run();
  }
  again.core().commit();
  CHECK(everything(again) == everything(first));
  CHECK(order.size() > 200);
}
