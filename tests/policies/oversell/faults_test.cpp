// R25: with an interruption at any step the final count equals the sales made, and each sale gets
// exactly one final verdict. Random days of several sites: lines cut and joined, messages sent
// again, steps that crash at any call into the host, journals restored from old copies.
#include <set>

#include "policies/oversell/world.hpp"
#include "support/property.hpp"

namespace bascule::oversell::test {

using bascule::test::check_property;

namespace {

int below(int most) { return *rc::gen::inRange(0, most); }

struct Day {
  World world;
  std::vector<std::string> names;
  int asked = 0;
  std::int64_t facts = 0;   // sold without asking, less what came back
  bool hub_epochs = false;  // the authority's journal begins another epoch now and then
};

Day open_day(const std::string& quota, std::int64_t overbooking, std::int64_t capacity) {
  std::vector<std::string> names{"a", "b", "c"};
  names.resize(static_cast<std::size_t>(1 + below(3)));
  Json weights;
  for (const auto& name : names) weights[name] = 1 + below(3);
  Json site{{"role", "site"}, {"min_remaining_bp", "off"}, {"answer_timeout", "2s"}};
  World world({{"role", "authority"},
               {"quota", quota},
               {"weights", weights},
               {"overbooking", overbooking},
               {"hold_window", below(2) * 30},
               {"items", {{"show", {{"capacity", capacity}}}}}},
              names, site);
  world.pump();
  return {std::move(world), names};
}

void maybe_crash(PolicyBox& box) {
  if (below(4) == 0) box.crash_after = below(25);
}

// One thing that may happen at any moment.
void random_event(Day& day, bool facts) {
  auto& world = day.world;
  const auto& name = day.names[static_cast<std::size_t>(below(int(day.names.size())))];
  auto& site = world.sites.at(name);
  maybe_crash(site.box);
  maybe_crash(world.hub);
  if (day.hub_epochs && below(20) == 0) {  // as after a power cut with sync: normal
    world.hub.epoch = "00000000000000c" + std::to_string(below(10));
    world.take_from_hub(
        world.hub.step({plugin::Input::Kind::link, plugin::Direction::down, "", "up"}));
  }
  switch (below(facts ? 14 : 12)) {
    case 0:
    case 1:
    case 2:
      world.ask(name, std::to_string(++day.asked), 1 + below(3));
      break;
    case 3:
    case 4:
      world.deliver_up(name);
      break;
    case 5:
    case 6:
      world.deliver_down(name);
      break;
    case 7:
      world.cut(name);
      break;
    case 8:
      world.join(name);
      break;
    case 9:  // an older part of the line is sent again
      (below(2) == 0 ? site.up_cursor : site.down_cursor) /= static_cast<std::size_t>(1 + below(3));
      break;
    case 10:  // time; what wakes up meets lines as they are
      world.now_ms += below(5) == 0 ? below(4'000'000) : below(3000);
      world.set_clocks();
      break;
    case 11: {
      auto& box = below(2) == 0 ? site.box : world.hub;
      const auto wakes = box.wakes;
      for (const auto& [wake, when] : wakes) {
        if (when <= world.now_ms && box.wakes.contains(wake)) world.wake(box, wake);
      }
      break;
    }
    case 12:
      world.device(name, "seats/show/sold", 1);
      ++day.facts;
      break;
    default:
      world.device(name, "seats/show/available", 1);
      --day.facts;
  }
}

void close_day(Day& day) {
  auto& world = day.world;
  for (const auto& name : day.names) world.join(name);
  world.pump();
  world.advance(world.now_ms + 100'000);
  world.pump();
}

// The sales that devices were told of, by their number.
std::map<std::string, std::int64_t> sold(const Day& day) {
  std::map<std::string, std::int64_t> sales;
  for (const auto& [name, site] : day.world.sites) {
    for (const auto& [correlation, reply] : site.replies) {
      if (reply["result"] == "SELL") sales[reply["sale"]] = reply["quantity"];
    }
  }
  return sales;
}

// What people hold, by whom they asked and not by the number of a sale: two who were given the same
// number hold two.
std::int64_t tickets(const Day& day) {
  std::int64_t count = 0;
  for (const auto& [name, site] : day.world.sites) {
    for (const auto& [correlation, quantity] : site.tickets) count += quantity;
  }
  return count;
}

void check_books(const Day& day) {
  const auto sales = sold(day);
  std::int64_t made = 0;
  for (const auto& [sale, quantity] : sales) made += quantity;
  RC_ASSERT(made == tickets(day));
  const auto ledger = day.world.ledger();
  const auto count = [&](const char* what) { return ledger.at(what).get<std::int64_t>(); };
  RC_ASSERT(count("provisional") == 0);
  RC_ASSERT(count("firm") + count("honoured") + count("reversed") - count("returned") ==
            made + day.facts);

  // What the authority keeps: one final state for each sale, none for what was refused.
  std::set<std::string> settled;
  for (const auto& [key, value] : day.world.hub.state) {
    if (!key.starts_with("op/")) continue;
    const auto record = Json::parse(value);
    const std::string state = record["state"];
    const auto sale = record["site"].get<std::string>() + "." + record["epoch"].get<std::string>() +
                      ".show." + std::to_string(record["n"].get<std::int64_t>());
    if (state == "FIRM" || state == "HONOUR" || state == "REVERSE") {
      if (sales.contains(sale)) settled.insert(sale);
    } else {
      RC_ASSERT(state == "REFUSED" || state == "WITHDRAWN" || state == "NOTED");
      RC_ASSERT(!sales.contains(sale));
    }
  }
  RC_ASSERT(settled.size() == sales.size());

  // What the sites were told: repeats say the same.
  for (const auto& name : day.names) {
    std::map<std::string, std::string> verdicts;
    for (const auto& verdict : day.world.final_verdicts(name)) {
      const auto first = verdicts.emplace(verdict["sale"], verdict["outcome"]);
      RC_ASSERT(first.first->second == verdict["outcome"]);
    }
    const auto& site = day.world.sites.at(name);
    for (const auto& [correlation, times] : site.reply_count) RC_ASSERT(times == 1);
    for (const auto& [key, value] : site.box.state) RC_ASSERT(!key.starts_with("ask/"));
    // Nothing stays that the snapshot has already.
    const auto item = Json::parse(site.box.state.at("item/show"));
    RC_ASSERT(item["local"] == 0);
    RC_ASSERT(item["open"] == 0);
    RC_ASSERT(item["snapshot"]["available"] ==
              count("capacity") - count("firm") - count("honoured") + count("returned"));
  }
}

void run_day(Day& day, bool facts) {
  for (int events = below(150); events > 0; --events) random_event(day, facts);
  close_day(day);
}

void classify(const Day& day) {
  const auto ledger = day.world.ledger();
  int crashes = day.world.hub.crashes;
  for (const auto& [name, site] : day.world.sites) crashes += site.box.crashes;
  RC_CLASSIFY(crashes > 0, "crashed");
  RC_CLASSIFY(ledger["honoured"] > 0, "honoured");
  RC_CLASSIFY(ledger["reversed"] > 0, "reversed");
  RC_CLASSIFY(ledger["firm"] > 0, "sold");
}

}  // namespace

TEST_CASE("faults R25: every sale is counted once and gets one final verdict") {
  check_property("final count = sales made", [] {
    const auto quota = *rc::gen::element<std::string>("off", "off", "soft", "strict");
    auto day = open_day(quota, below(3), below(25));
    run_day(day, below(2) == 0);
    check_books(day);
    classify(day);
  });
}

TEST_CASE("faults R25: every sale is counted once also over epochs of the authority's journal") {
  check_property("final count = sales made over epochs", [] {
    const auto quota = *rc::gen::element<std::string>("off", "off", "soft", "strict");
    auto day = open_day(quota, below(3), below(25));
    day.hub_epochs = true;
    run_day(day, below(2) == 0);
    check_books(day);
    classify(day);
  });
}

TEST_CASE("faults: with a strict quota there is no oversell, at no moment") {
  check_property("sold <= capacity", [] {
    const std::int64_t capacity = below(25);
    auto day = open_day("strict", 0, capacity);
    for (int events = below(150); events > 0; --events) {
      random_event(day, false);
      RC_ASSERT(tickets(day) <= capacity);
    }
    close_day(day);
    check_books(day);
    RC_ASSERT(day.world.ledger()["honoured"] == 0);
    RC_ASSERT(day.world.ledger()["reversed"] == 0);
    RC_CLASSIFY(day.world.ledger()["firm"] == capacity && capacity > 0, "sold out");
    classify(day);
  });
}

TEST_CASE("faults: a journal that is restored has no rights, and still nothing is oversold") {
  check_property("sold <= capacity over restores", [] {
    const std::int64_t capacity = 5 + below(20);
    auto day = open_day("strict", 0, capacity);
    auto& box = day.world.sites.at("a").box;
    auto copy = box.state;
    auto wakes = box.wakes;
    int restored = 0;
    for (int events = below(120); events > 0; --events) {
      random_event(day, false);
      if (below(15) == 0) {
        copy = box.state;
        wakes = box.wakes;
      } else if (below(30) == 0) {
        box.state = copy;
        box.wakes = wakes;
        box.epoch = "00000000000000b" + std::to_string(restored++ % 10);
      }
      RC_ASSERT(tickets(day) <= capacity);
    }
    close_day(day);
    RC_ASSERT(tickets(day) <= capacity);
    RC_ASSERT(day.world.ledger()["honoured"] == 0);
    RC_ASSERT(day.world.ledger()["firm"] <= capacity);
    RC_CLASSIFY(restored > 0 && tickets(day) > 0, "restored, sold");
    RC_CLASSIFY(restored > 0 && tickets(day) == capacity, "restored, sold out");
  });
}

TEST_CASE("faults: the same inputs give the same bytes") {
  check_property("replay", [] {
    const auto run = [](int seed) {
      World world({{"role", "authority"},
                   {"quota", "soft"},
                   {"weights", {{"a", 1}, {"b", 2}}},
                   {"items", {{"show", {{"capacity", 12}}}}}},
                  {"a", "b"}, {{"role", "site"}});
      for (int i = 0; i < 40; ++i, seed = (seed * 1103 + 12345) % 65536) {
        const std::string name = seed % 2 == 0 ? "a" : "b";
        if (seed % 7 == 0) world.cut(name);
        if (seed % 7 == 1) world.join(name);
        world.ask(name, std::to_string(i), 1 + seed % 3);
        world.advance(world.now_ms + seed % 5000);
        world.pump();
      }
      std::string all;
      for (const auto& [key, value] : world.hub.state) all += key + value;
      for (const auto& [name, site] : world.sites) {
        for (const auto& [key, value] : site.box.state) all += key + value;
        for (const auto& sent : site.up) all += sent.payload;
        for (const auto& sent : site.down) all += sent.payload;
      }
      return all;
    };
    const int seed = below(65536);
    RC_ASSERT(run(seed) == run(seed));
  });
}

}  // namespace bascule::oversell::test
