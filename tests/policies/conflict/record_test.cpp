// A record is what it was, however much of it was read before it was written again.
#include "conflict/record/record.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace bascule::test {

namespace {

using conflict::Author;
using conflict::Head;
using conflict::Record;
using conflict::SharedText;

struct ModelUnit {
  std::string value = "null";
  std::int64_t case_number = -1;
  std::vector<std::pair<std::string, std::string>> heads;  // op and value
  bool operator==(const ModelUnit&) const = default;
};
using Model = std::map<std::string, ModelUnit>;

Model model_of(const Record& record) {
  Model model;
  for (const auto& unit : record.units) {
    auto& it = model[unit.name];
    it.value = std::string_view(unit.value);
    it.case_number = unit.case_number;
    for (const auto& head : record.heads(unit)) {
      const auto& author = record.authors.at(head.author);
      it.heads.emplace_back(std::string_view(author.op), std::string_view(head.value));
      CHECK(author.from == std::stoll(std::string(author.op)));
      CHECK(author.blind == (author.from % 2 == 0));
    }
  }
  return model;
}

class Change {
 public:
  Change(Record& record, Model& model, std::mt19937& random)
      : record_(record), model_(model), random_(random) {}

  // An op writes some units, as one author: it replaces all of their heads, or one, or none.
  void write(int op) {
    Author author;
    author.op = SharedText(std::to_string(op));
    author.stamp.origin = "site-" + std::to_string(op % 3);
    author.from = op;
    author.blind = op % 2 == 0;
    const auto place = record_.authors.add(std::move(author));
    for (auto count = random_() % 3; count > 0; --count) {
      const auto name = any_name();
      auto& unit = record_.at(name);
      auto& heads = record_.heads(unit);
      auto& known = model_[name];
      const auto replaced = static_cast<std::ptrdiff_t>(random_() % (heads.size() + 1));
      heads.erase(heads.begin(), heads.begin() + replaced);
      known.heads.erase(known.heads.begin(), known.heads.begin() + replaced);
      heads.push_back({place, SharedText(any_value())});
      known.heads.emplace_back(std::to_string(op), std::string_view(heads.back().value));
      stand(unit, known, random_() % 3 != 0 ? std::string(heads.back().value) : any_value());
    }
  }

  void change_one() {
    if (record_.units.empty()) return;
    auto& unit = record_.units[random_() % record_.units.size()];
    auto& known = model_[unit.name];
    switch (random_() % 3) {
      case 0:
        known.case_number = static_cast<std::int64_t>(random_() % 100);
        return record_.ask(unit, known.case_number);
      case 1:
        return stand(unit, known, any_value());
      default:
        record_.heads(unit);  // nothing but read
    }
  }

 private:
  void stand(conflict::Unit& unit, ModelUnit& known, const std::string& value) {
    record_.set(unit, SharedText(value));
    known.value = value;
  }
  std::string any_name() { return "field-with-a-long-name-" + std::to_string(random_() % 9); }
  std::string any_value() { return std::to_string(random_() % 50); }

  Record& record_;
  Model& model_;
  std::mt19937& random_;
};

// How many there must be at the least for the places that heads name.
std::size_t places_of(const Record& record) {
  std::size_t places = 0;
  for (const auto& unit : record.units) {
    for (const auto& head : record.heads(unit)) places = std::max(places, head.author + 1);
  }
  return places;
}

}  // namespace

TEST_CASE("record: what a step did not touch, and what it did, is what is stored") {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    Record record;
    Model model;
    for (int op = 1; op <= 100; ++op) {
      CAPTURE(op);
      Change change(record, model, random);
      change.write(op);
      if (random() % 4 == 0) change.write(1'000 + op);
      for (auto count = random() % 3; count > 0; --count) change.change_one();
      if (random() % 40 == 0) {
        record.clear();
        model.clear();
      }
      auto bytes = record.encode();
      CHECK(model_of(Record::decode(bytes)) == model);
      CHECK(Record::decode(bytes).encode() == bytes);
      CHECK(Record::decode(bytes).authors.size() == places_of(Record::decode(bytes)));
      record = Record::decode(std::move(bytes));
    }
  }
}

TEST_CASE("record: nothing is written anew that was not changed") {
  std::mt19937 random(1);
  Record record;
  Model model;
  for (int op = 1; op <= 20; ++op) {
    Change(record, model, random).write(op);
    const auto bytes = record.encode();
    record = Record::decode(bytes);
    CHECK(record.encode() == bytes);
    model_of(record);
    CHECK(record.encode() == bytes);
  }
}

TEST_CASE("record: bytes that end too early, or say what cannot be, are refused") {
  std::mt19937 random(1);
  Record record;
  Model model;
  for (int op = 1; op <= 10; ++op) Change(record, model, random).write(op);
  const auto bytes = record.encode();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CHECK_THROWS(Record::decode(bytes.substr(0, length)));
  }
  for (int i = 0; i < 20'000; ++i) {
    auto damaged = bytes;
    damaged[random() % damaged.size()] = static_cast<char>(random());
    try {
      const auto found = Record::decode(damaged);
      for (const auto& unit : found.units) {
        for (const auto& head : found.heads(unit)) found.authors.at(head.author);
      }
    } catch (const std::exception&) {  // refused; the sanitizers see to the rest
    }
  }
}

}  // namespace bascule::test
