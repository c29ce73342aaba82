// Rights to sell: the allotment, and that no history of news oversells.
#include "oversell/ledger/escrow.hpp"

#include <vector>

#include "support/property.hpp"

namespace bascule::oversell::test {

using bascule::test::check_property;

TEST_CASE("escrow E1: 40 with a quarter in reserve, by 3, 2, 1") {
  const auto result = allot(40, 2500, {{"a", 3}, {"b", 2}, {"c", 1}});
  CHECK(result.reserve == 10);
  CHECK(result.shares == std::map<std::string, std::int64_t>{{"a", 15}, {"b", 10}, {"c", 5}});
}

TEST_CASE("escrow: largest remainder, ties by site id; nothing is lost") {
  const auto thirds = allot(10, 0, {{"c", 1}, {"a", 1}, {"b", 1}});
  CHECK(thirds.shares == std::map<std::string, std::int64_t>{{"a", 4}, {"b", 3}, {"c", 3}});
  CHECK(allot(7, 0, {{"a", 5}, {"b", 1}}).shares.at("a") == 6);
  CHECK(allot(10, 2500, {}).reserve == 10);
  CHECK(allot(10, 2500, {{"a", 0}}).reserve == 10);
  check_property("all of it is allotted, each within one of its share", [] {
    std::map<std::string, std::int64_t> weights;
    std::int64_t total = 0;
    for (char site = 'a'; site < 'a' + *rc::gen::inRange(1, 8); ++site) {
      total += weights[std::string(1, site)] = *rc::gen::inRange(0, 50);
    }
    RC_PRE(total > 0);
    const std::int64_t amount = *rc::gen::inRange(0, 5000), bp = *rc::gen::inRange(0, 10'001);
    const auto result = allot(amount, bp, weights);
    RC_ASSERT(result.reserve == amount * bp / 10'000);
    auto sum = result.reserve;
    for (const auto& [site, share] : result.shares) {
      sum += share;
      RC_ASSERT(share >= (amount - result.reserve) * weights[site] / total);
      RC_ASSERT(share <= (amount - result.reserve) * weights[site] / total + 1);
    }
    RC_ASSERT(sum == amount);
  });
}

TEST_CASE("escrow: rights are what came in, less what was given and used") {
  Escrow escrow;
  escrow.create("authority", 10);
  CHECK(escrow.give("authority", "a", 6));
  CHECK(escrow.rights("authority") == 4);
  CHECK_FALSE(escrow.give("authority", "b", 5));
  CHECK(escrow.use("a", 4));
  CHECK_FALSE(escrow.use("a", 3));
  CHECK_FALSE(escrow.use("a", -1));
  CHECK(escrow.give("a", "b", 2));
  CHECK(escrow.rights("a") == 0);
  CHECK(escrow.rights("b") == 2);
  CHECK(Escrow::of(escrow.json()) == escrow);
  CHECK_THROWS(Escrow::of(Json{{"used", {{"a", -1}}}}));
  CHECK_THROWS(Escrow::of(Json{{"given", 5}}));
}

namespace {

// Holders that each know only what they have heard. A holder whose journal is restored comes back
// as of an earlier moment, under another name, as a new epoch is.
struct Network {
  struct Holder {
    std::string name;
    Escrow knows;
    std::vector<Escrow> copies;  // of its journal
    int epoch = 1;
  };
  std::vector<Holder> holders;
  std::vector<Escrow> news;  // all that was ever sent; any of it may come at any time, any number
                             // of times, or never
  std::int64_t sold = 0, created = 0;

  Holder& any() { return holders[*rc::gen::inRange<std::size_t>(0, holders.size())]; }
};

void random_step(Network& network) {
  auto& holder = network.any();
  const std::int64_t count = *rc::gen::inRange(0, 5);
  switch (*rc::gen::inRange(0, 8)) {
    case 0:
    case 1:
    case 2:
      if (holder.knows.use(holder.name, count)) network.sold += count;
      break;
    case 3:
    case 4:
      holder.knows.give(holder.name, network.any().name, count);
      network.news.push_back(holder.knows.row(holder.name));
      break;
    case 5:
      if (!network.news.empty()) {
        holder.knows.merge(network.news[*rc::gen::inRange<std::size_t>(0, network.news.size())]);
      }
      break;
    case 6:
      holder.copies.push_back(holder.knows);
      network.news.push_back(holder.knows.row(holder.name));
      break;
    default:
      if (holder.copies.empty()) break;
      holder.knows = holder.copies[*rc::gen::inRange<std::size_t>(0, holder.copies.size())];
      holder.name = holder.name.substr(0, 1) + std::to_string(++holder.epoch);
  }
}

}  // namespace

TEST_CASE("escrow: never oversells, whatever is cut, repeated, reordered or restored") {
  check_property("sold <= capacity", [] {
    Network network;
    const int count = *rc::gen::inRange(2, 6);
    for (int i = 0; i < count; ++i) {
      network.holders.push_back({std::string(1, char('a' + i)) + "1", {}, {}, 1});
    }
    network.created = *rc::gen::inRange(0, 60);
    network.holders[0].knows.create("a1", network.created);
    for (int steps = *rc::gen::inRange(0, 200); steps > 0; --steps) {
      random_step(network);
      RC_ASSERT(network.sold <= network.created);
    }
    RC_CLASSIFY(network.sold > 0, "sold some");
    RC_CLASSIFY(network.sold == network.created && network.sold > 0, "sold out");
  });
}

TEST_CASE("escrow: news in any order, any number of times, is the same knowledge") {
  check_property("merge is a maximum", [] {
    const auto draw = [] {
      Escrow escrow;
      for (int i = *rc::gen::inRange(0, 6); i > 0; --i) {
        const auto from = std::string(1, *rc::gen::element('a', 'b', 'c'));
        escrow.create(from, *rc::gen::inRange(0, 9));
        escrow.give(from, std::string(1, *rc::gen::element('a', 'b', 'c')),
                    *rc::gen::inRange(0, 9));
        escrow.use(from, *rc::gen::inRange(0, 9));
      }
      return escrow;
    };
    const auto a = draw(), b = draw(), c = draw();
    auto ab = a, ba = b;
    ab.merge(b);
    ba.merge(a);
    ab.merge(c);
    ba.merge(b);
    ba.merge(c);
    ba.merge(a);
    for (const auto* holder : {"a", "b", "c"}) RC_ASSERT(ab.rights(holder) == ba.rights(holder));
  });
}

}  // namespace bascule::oversell::test
