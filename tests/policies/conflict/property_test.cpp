// What must hold whatever comes in whatever order: properties 1 to 7 of the policy.
#include <set>

#include "policies/conflict/edits.hpp"

namespace bascule::test {

namespace {

const std::vector<std::string> sites{"A", "B", "C"};

std::vector<Edit> edits_of_all(const std::string& record, std::int64_t base, bool deletes) {
  std::vector<Edit> edits;
  for (const auto& site : sites) add_edits(edits, site, record, base, deletes);
  return edits;
}

// Two rounds: after the first, everybody may have seen everything.
Json two_rounds(Hub& hub, const std::vector<Edit>& first, const std::vector<Edit>& second) {
  hub.seed(seed_fields());
  for (const auto& edit : as_it_comes(first)) hub.give(edit);
  const auto seen = hub.version();
  auto later = second;
  for (auto& edit : later) {
    edit.number += 50'000;
    if (!edit.prev.empty()) {
      edit.prev = edit.site + std::to_string(std::stoull(edit.prev.substr(1)) + 50'000);
    }
    edit.at += 1000;
    if (edit.base < 0) edit.base = seen;
  }
  for (const auto& edit : as_it_comes(later)) hub.give(edit);
  return hub.all();
}

bool saw(const std::map<std::string, conflict::Entry>& entries, const conflict::Entry& author,
         const conflict::Entry& other) {
  if (other.from <= author.op.base) return true;
  for (auto prev = author.op.prev; !prev.empty(); prev = entries.at(prev).op.prev) {
    if (prev == other.op.id) return true;
  }
  return false;
}

bool meet(const conflict::Entry& a, const conflict::Entry& b, bool whole_record) {
  const bool a_removes = a.op.kind == conflict::Kind::remove;
  const bool b_removes = b.op.kind == conflict::Kind::remove;
  if (a_removes || b_removes) return a_removes != b_removes;
  if (whole_record) return true;
  for (const auto& change : a.changes) {
    for (const auto& other : b.changes) {
      if (change.unit == other.unit) return true;
    }
  }
  return false;
}

std::multiset<std::set<std::string>> reported(const Hub& hub) {
  std::multiset<std::set<std::string>> pairs;
  for (const auto& conflict : hub.conflicts) {
    pairs.insert(conflict["conflict"].get<std::set<std::string>>());
  }
  return pairs;
}

}  // namespace

TEST_CASE("conflict: every version of a record can be had back as it was") {
  check_property("versions, by what has to be put back", [] {
    Hub hub(random_options());
    std::vector<Json> made;  // newest first, as versions()
    const auto note = [&] {
      if (hub.version() < 0 || hub.versions().size() == made.size()) return;
      made.insert(made.begin(), hub.record());
    };
    const auto steps = *rc::gen::inRange(2, 30);
    for (int i = 1; i <= steps; ++i) {
      Edit edit;
      edit.site = *rc::gen::elementOf(sites);
      edit.number = static_cast<std::uint64_t>(i);
      edit.at = monday + *rc::gen::inRange(0, 40);
      edit.base = *rc::gen::inRange<std::int64_t>(-1, hub.version() + 1);
      edit.blind = *rc::gen::inRange(0, 4) == 0;
      edit.kind = *rc::gen::weightedElement<std::string>({{6, ""}, {2, "delete"}, {2, "recreate"}});
      if (edit.kind != "delete") edit.fields = random_fields();
      if (!edit.fields.empty() && *rc::gen::inRange(0, 5) == 0)
        edit.fields[edit.fields.begin().key()] = nullptr;
      hub.give(edit);
      note();
    }
    const auto versions = hub.versions();
    RC_ASSERT(versions.size() == made.size());
    for (std::size_t i = 0; i < made.size(); ++i) {
      RC_ASSERT(Json::parse(versions[i][1].get<std::string>()) == made[i]);
    }
    RC_CLASSIFY(std::count(made.begin(), made.end(), Json()) > 0, "deleted");
    RC_CLASSIFY(made.size() > 10, "more than ten versions");
  });
}

TEST_CASE("conflict property 1: one end state, in whatever order the edits come") {
  check_property("any orders of arrival, each with repeats, end alike", [] {
    const auto options = random_options();
    const auto first = edits_of_all("123", 20, true);
    const auto second = edits_of_all("123", *rc::gen::element<std::int64_t>(20, -1), true);
    Hub one(options);
    Hub other(options);
    const auto expected = two_rounds(one, first, {});
    RC_ASSERT(two_rounds(other, first, {}) == expected);
    for (int more = 0; more < 4; ++more) {
      Hub again(options);
      RC_ASSERT(two_rounds(again, first, {}) == expected);
    }
    // The second round names versions: they must have meant the same in both.
    if (one.versions() != other.versions()) return;
    Hub third(options);
    Hub fourth(options);
    third.host = one.host;
    fourth.host = other.host;
    for (auto* hub : {&third, &fourth}) {
      const auto seen = hub->version();
      for (auto edit : as_it_comes(second)) {
        edit.number += 50'000;
        if (!edit.prev.empty()) {
          edit.prev = edit.site + std::to_string(std::stoull(edit.prev.substr(1)) + 50'000);
        }
        if (edit.base < 0) edit.base = seen;
        hub->give(edit);
      }
    }
    RC_ASSERT(third.all() == fourth.all());
  });
}

TEST_CASE("conflict property 2, R35: any cut into batches ends as deciding at once does") {
  check_property("batches equal at once", [] {
    const auto options = random_options();
    const auto edits = edits_of_all("123", 20, true);
    Hub at_once(options);
    at_once.seed(seed_fields());
    for (const auto& edit : as_it_comes(edits)) at_once.give(edit);
    Hub nightly(options);
    nightly.seed(seed_fields());
    nightly.options.batch_minute = 60;
    auto night = monday + 4 * day + 17 * hour;  // 01:00
    for (const auto& edit : as_it_comes(edits)) {
      nightly.give(edit, night - hour);
      if (*rc::gen::inRange(0, 4) == 0) nightly.wake("batch", night += day);
    }
    nightly.wake("batch", night + day);
    RC_ASSERT(nightly.all() == at_once.all());
    RC_ASSERT(nightly.verdicts.size() == at_once.verdicts.size());
  });
}

TEST_CASE("conflict property 3: each concurrent pair is reported exactly once") {
  check_property("the reports are the pairs of which neither saw the other", [] {
    const auto options = random_options();
    Hub hub(options);
    two_rounds(hub, edits_of_all("123", 20, true), edits_of_all("123", -1, true));
    std::map<std::string, conflict::Entry> entries;
    for (const auto& entry : hub.history()) entries[entry.op.id] = entry;
    std::multiset<std::set<std::string>> expected;
    for (const auto& [id, a] : entries) {
      for (const auto& [other_id, b] : entries) {
        if (id >= other_id || a.from <= 20 || b.from <= 20) continue;
        if (a.verdict == conflict::Verdict::reject || b.verdict == conflict::Verdict::reject) {
          continue;
        }
        if (saw(entries, a, b) || saw(entries, b, a)) continue;
        if (meet(a, b, options["detect"] == "record")) expected.insert({id, other_id});
      }
    }
    RC_ASSERT(reported(hub) == expected);
  });
}

TEST_CASE("conflict property 4: of edits that expect the same version one is committed") {
  check_property("one commits, the rest is stale", [] {
    Hub hub(Json{{"strategy", "expected-version"}});
    hub.seed({{"x", 0}});
    const int count = *rc::gen::inRange(1, 12);
    std::vector<Edit> edits;
    for (int i = 0; i < count; ++i) {
      edits.push_back({.site = sites[std::size_t(i) % 3],
                       .number = std::uint64_t(i) + 1,
                       .fields = {{"x", i + 1}},
                       .at = monday + *rc::gen::inRange(0, 9)});
    }
    for (const auto& edit : as_it_comes(edits)) hub.give(edit);
    int applied = 0;
    for (const auto& edit : edits) applied += hub.verdicts[edit.id()]["verdict"] == "APPLY";
    RC_ASSERT(applied == 1);
    RC_ASSERT(hub.version() == 21);
  });
}

TEST_CASE("conflict property 5, R38: every value can be had back, whatever became of it") {
  check_property("each edit is in the history or parked, with its fields", [] {
    auto options = random_options();
    options["on_ambiguous"] = *rc::gen::element<std::string>("accept", "hold", "case");
    if (*rc::gen::inRange(0, 3) == 0) {
      options["strategy"] = "expected-version";
      options["on_stale"] = *rc::gen::element<std::string>("reject", "merge", "hold");
    }
    Hub hub(options);
    hub.seed(seed_fields());
    const auto edits = edits_of_all("123", *rc::gen::inRange(19, 23), true);
    for (const auto& edit : as_it_comes(edits)) hub.give(edit, monday - 60'000);
    std::map<std::string, conflict::Op> kept;
    for (const auto& entry : hub.history()) kept[entry.op.id] = entry.op;
    for (const auto& [key, bytes] : hub.host.state) {
      if (key[0] != 'p') continue;
      conflict::Reader in(bytes);
      RC_ASSERT(kept.emplace(key.substr(1), conflict::read_op(in)).second);
    }
    for (const auto& edit : edits) {
      RC_ASSERT(kept.contains(edit.id()));
      for (const auto& [name, value] : edit.fields.items()) {
        RC_ASSERT(kept[edit.id()].fields.at(name) == value.dump());
      }
    }
  });
}

TEST_CASE("conflict property 6: a record with a parked edit delays no other") {
  check_property("the other record ends as without it", [] {
    const auto options = random_options();
    const auto edits = edits_of_all("123", 20, true);
    Hub alone(options);
    Hub beside(options);
    for (auto* hub : {&alone, &beside}) {
      hub->seed(seed_fields(), "123");
      hub->seed(seed_fields(), "456");
    }
    const Edit parked{.site = "D",
                      .number = 1,
                      .fields = {{"name", 9}},
                      .base = 99,
                      .at = monday + 90 * day,
                      .record = "456"};
    RC_ASSERT(beside.give(parked)["verdict"] == "HOLD");
    for (const auto& edit : edits) {
      RC_ASSERT(alone.give(edit)["verdict"] == beside.give(edit)["verdict"]);
    }
    RC_ASSERT(alone.all() == beside.all());
  });
}

TEST_CASE("conflict property 7: the authority's clock never goes back") {
  check_property("its stamps grow, whatever the wall clock does", [] {
    Hub hub;
    hub.seed(seed_fields());
    conflict::Hlc last;
    for (int i = 0; i < 20; ++i) {
      const auto now = monday + *rc::gen::inRange(-100'000, 100'000);
      Edit edit{.site = "A",
                .number = std::uint64_t(i) + 1,
                .fields = random_fields(),
                .at = now + *rc::gen::inRange(-90'000, 90'000)};
      hub.give(edit, now);
      const auto clock = hub.clock();
      RC_ASSERT(!(clock < last));
      RC_ASSERT(clock.ms <= monday + 160'000);
      last = clock;
    }
  });
}

TEST_CASE("conflict: a step that crashes anywhere leaves nothing, and is done again alike") {
  check_property("crashes change no byte", [] {
    const auto options = random_options();
    const auto edits = as_it_comes(edits_of_all("123", 20, true));
    Hub smooth(options);
    Hub bumpy(options);
    smooth.seed(seed_fields());
    bumpy.seed(seed_fields());
    for (const auto& edit : edits) {
      smooth.give(edit);
      bumpy.host.crash_after = *rc::gen::inRange(0, 30);
      try {
        bumpy.give(edit);
      } catch (const std::runtime_error&) {
        bumpy.host.crash_after.reset();
        bumpy.give(edit);
      }
    }
    RC_ASSERT(smooth.host.state == bumpy.host.state);
    RC_ASSERT(smooth.conflicts == bumpy.conflicts);
    RC_ASSERT(smooth.sent.size() == bumpy.sent.size());
  });
}

}  // namespace bascule::test
