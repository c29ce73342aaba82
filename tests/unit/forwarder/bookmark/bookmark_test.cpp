#include "forwarder/bookmark/bookmark.hpp"

#include <doctest/doctest.h>

#include <future>
#include <nlohmann/json.hpp>
#include <optional>

using namespace bascule;
using nlohmann::json;

namespace {

// A bookmark on a loop, as a forwarder has it; do() runs there.
struct Bank {
  Loop loop{"bookmark"};
  std::vector<std::pair<json, bool>> published;
  std::vector<FarKnowledge> answers;
  struct Confirmed {
    std::string epoch;
    std::uint64_t connection = 0;
    Bookmark::Lanes lanes;
  };
  std::vector<Confirmed> confirmed;
  Bookmark bookmark{"store-42", loop, [this](const std::string& payload, bool retain) {
                      published.emplace_back(json::parse(payload), retain);
                    }};

  Bank() {
    bookmark.on_confirmed = [this](const std::string& epoch, std::uint64_t connection,
                                   const Bookmark::Lanes& lanes) {
      confirmed.push_back({epoch, connection, lanes});
    };
  }
  ~Bank() {
    run([this] { bookmark.forget(); });
    loop.stop();
  }
  void run(const std::function<void()>& task) {
    std::promise<void> done;
    loop.post([&] {
      task();
      done.set_value();
    });
    done.get_future().get();
  }
  void ask() {
    run([this] {
      bookmark.ask(false, [this](FarKnowledge far) { answers.push_back(std::move(far)); });
    });
  }
  void hear(const std::string& text) {
    run([&] { bookmark.heard(text); });
  }
  void hear_fence() { hear(published.back().first.dump()); }
};

const std::string kept =
    R"({"bridge":"store-42","epoch":"5f3a9c1e0d2b4a67","lanes":{"default":7,"sales":9}})";

}  // namespace

TEST_CASE("bookmark: what was retained comes before the fence, and is the answer") {
  Bank bank;
  bank.ask();
  REQUIRE(bank.published.size() == 1);
  CHECK(bank.published[0].first.contains("fence"));
  CHECK_FALSE(bank.published[0].second);
  bank.hear(kept);
  CHECK(bank.answers.empty());
  bank.hear_fence();
  REQUIRE(bank.answers.size() == 1);
  CHECK(bank.answers[0].readable);
  CHECK(bank.answers[0].epoch == "5f3a9c1e0d2b4a67");
  CHECK(bank.answers[0].lanes == Bookmark::Lanes{{"default", 7}, {"sales", 9}});
  CHECK(bank.confirmed.empty());
}

TEST_CASE("bookmark: one that came ahead of the question is the answer too") {
  Bank bank;
  bank.hear(kept);
  bank.ask();
  bank.hear_fence();
  REQUIRE(bank.answers.size() == 1);
  CHECK(bank.answers[0].lanes.at("sales") == 9);
}

TEST_CASE("bookmark: one of an earlier connection is forgotten") {
  Bank bank;
  bank.hear(kept);
  bank.run([&] { bank.bookmark.forget(); });
  bank.ask();
  bank.hear_fence();
  REQUIRE(bank.answers.size() == 1);
  CHECK(bank.answers[0].readable);
  CHECK(bank.answers[0].epoch.empty());
  CHECK(bank.answers[0].lanes.empty());
}

TEST_CASE("bookmark: after forget() no answer comes, and the old fence means nothing") {
  Bank bank;
  bank.ask();
  bank.run([&] { bank.bookmark.forget(); });
  bank.hear_fence();
  CHECK(bank.answers.empty());
  bank.ask();
  bank.hear(bank.published.front().first.dump());
  CHECK(bank.answers.empty());
  bank.hear_fence();
  CHECK(bank.answers.size() == 1);
}

TEST_CASE("bookmark: what comes back after the answer is confirmed") {
  Bank bank;
  bank.ask();
  bank.hear_fence();
  bank.run([&] { bank.bookmark.write("5f3a9c1e0d2b4a67", 12, {{"default", 8}}); });
  REQUIRE(bank.published.size() == 2);
  CHECK(bank.published[1].second);
  bank.hear_fence();
  REQUIRE(bank.confirmed.size() == 1);
  CHECK(bank.confirmed[0].epoch == "5f3a9c1e0d2b4a67");
  CHECK(bank.confirmed[0].connection == 12);
  CHECK(bank.confirmed[0].lanes == Bookmark::Lanes{{"default", 8}});
}

TEST_CASE("bookmark: it has the connection's number, unless its end will not be noted") {
  Bank bank;
  bank.ask();
  bank.hear(R"({"bridge":"store-42","epoch":"e","connection":11,"lanes":{}})");
  bank.hear_fence();
  CHECK(bank.answers.at(0).connection == 11);
  bank.run([&] { bank.bookmark.write("e", 0, {}); });
  CHECK_FALSE(bank.published.back().first.contains("connection"));
  bank.hear(bank.published.back().first.dump());
  CHECK(bank.confirmed.at(0).connection == 0);
  for (const char* text : {"-1", "1.5", R"("7")", "null"}) {
    bank.hear(R"({"bridge":"store-42","epoch":"e","lanes":{},"connection":)" + std::string(text) +
              "}");
    CHECK(bank.confirmed.back().connection == 0);
  }
}

TEST_CASE(
    "bookmark: what was retained of the state is part of the answer, what comes later is not") {
  Bank bank;
  bank.ask();
  bank.hear_fence();
  CHECK_FALSE(bank.answers.at(0).online);
  bank.run([&] { bank.bookmark.forget(); });
  for (const bool online : {true, false}) {
    bank.run([&] {
      bank.bookmark.forget();
      bank.bookmark.heard_state("offline");  // as an earlier subscription had it
      bank.bookmark.heard_state(online ? "online" : "offline");
    });
    bank.ask();
    bank.hear_fence();
    CHECK(bank.answers.back().online == online);
    bank.run([&] { bank.bookmark.heard_state("online"); });
  }
}

TEST_CASE("bookmark: what others write there is taken for no bookmark") {
  Bank bank;
  bank.ask();
  for (const char* text :
       {"", "{", "[]", "7", "null", "\xff", R"({"fence":7})", R"({"fence":"other"})",
        R"({"bridge":"store-43","epoch":"e","lanes":{"default":1}})",
        R"({"bridge":"store-42","epoch":7,"lanes":{"default":1}})",
        R"({"bridge":"store-42","epoch":"e","lanes":[1]})", R"({"bridge":"store-42"})"}) {
    bank.hear(text);
  }
  bank.hear(R"({"bridge":"store-42","epoch":"e","lanes":{"a":-1,"b":1.5,"c":"2","d":3}})");
  bank.hear_fence();
  REQUIRE(bank.answers.size() == 1);
  CHECK(bank.answers[0].lanes == Bookmark::Lanes{{"d", 3}});
}

TEST_CASE("bookmark: a later fence answers for itself, and beside the question") {
  Bank bank;
  std::vector<bool> passed;
  const auto fence = [&] {
    bank.run([&] { bank.bookmark.fence([&](bool heard) { passed.push_back(heard); }); });
  };
  bank.ask();
  const auto question = bank.published.back().first.dump();
  fence();
  bank.hear_fence();
  CHECK(passed == std::vector{true});
  CHECK(bank.answers.empty());
  bank.hear_fence();
  CHECK(passed.size() == 1);
  bank.hear(question);
  CHECK(bank.answers.size() == 1);
  fence();
  bank.run([&] { bank.bookmark.forget(); });
  bank.hear_fence();
  CHECK(passed.size() == 1);
}
