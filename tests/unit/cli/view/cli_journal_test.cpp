#include <doctest/doctest.h>

#include <sstream>
#include <string>

#include "base64.hpp"
#include "cli/view/journal_view.hpp"
#include "cli/view/payload_text.hpp"
#include "cli/view/terminal.hpp"

using namespace bascule;
using nlohmann::json;

namespace {

json message(const std::string& payload) {
  return {{"sequence", 1234},
          {"captured_ms", 1'763'817'600'123},
          {"topic", "pos/7/sale"},
          {"qos", 1},
          {"retain", true},
          {"bytes", payload.size()},
          {"payload_base64", to_base64(payload)},
          {"properties", {{{"name", "content-type"}, {"value", "text/plain"}}}},
          {"state", "pending"}};
}

std::string shown(const json& message, bool whole) {
  const std::string text = render_messages({{"messages", {message}}}, whole, false);
  return text.substr(text.find('\n') + 1);  // without the headings
}

constexpr auto columns = "    1234  2025-11-22T13:20:00.123Z  pending  1 r  ";

}  // namespace

TEST_CASE("cli: journal list is a table of lanes") {
  const json answer = json::parse(R"({"lanes": [
      {"name": "sales", "direction": "up", "first_sequence": 101, "next_sequence": 1235,
       "cursor": 1200, "backlog": 34, "backlog_bytes": 6800, "stored": 1134,
       "stored_bytes": 226800, "oldest_age_s": 720},
      {"name": "default", "direction": "down", "first_sequence": 1, "next_sequence": 1,
       "cursor": 0, "backlog": 0, "backlog_bytes": 0, "stored": 0, "stored_bytes": 0,
       "oldest_age_s": 0}],
    "journal": {"path": "/var/lib/bascule/journal", "epoch": "5f3a9c1e0d2b4a67", "schema": 1,
                "bytes": 1048576}})");
  CHECK(render_lanes(answer, false) ==
        "LANE     DIRECTION  WAITING     SIZE  OLDEST  STORED     SIZE  SEQUENCES  CURSOR\n"
        "sales    up              34  6.6 KiB  12 min   1,134  221 KiB   101-1234    1200\n"
        "default  down             0      0 B       -       0      0 B          -       0\n"
        "\n"
        "journal  /var/lib/bascule/journal, 1.0 MiB, epoch 5f3a9c1e0d2b4a67, schema 1\n");
}

TEST_CASE("cli: a payload that is text is shown as text, others in hex") {
  CHECK(shown(message("total: 12"), false) ==
        std::string(columns) + "    9  pos/7/sale  total: 12\n");
  CHECK(shown(message("\x01\xff"), false) == std::string(columns) + "    2  pos/7/sale  01 ff\n");
  CHECK(shown(message(""), false) == std::string(columns) + "    0  pos/7/sale\n");
}

TEST_CASE("cli: a long payload is cut in the list and whole if asked for") {
  const std::string payload(100, 'x');
  CHECK(shown(message(payload), false) ==
        std::string(columns) + "  100  pos/7/sale  " + std::string(47, 'x') + "…\n");
  CHECK(shown(message(payload), true) == std::string(columns) + "  100  pos/7/sale\n  " + payload +
                                             "\n  content-type: text/plain\n");
}

TEST_CASE("cli: messages fit a terminal, and say why they are not forwarded") {
  json refused = message(std::string(60, 'x'));
  refused["topic"] = std::string(60, 't');
  refused["state"] =
      "quarantined: the broker says that this bridge may not publish there: not authorized (0x87)";
  const std::string text = render_messages({{"messages", {refused}}}, false, false, 80);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) CHECK(width(line) <= 80);
  CHECK(text.find("  quarantined  1 r     60  ttttttt") != std::string::npos);
  CHECK(text.find("\n  quarantined: the broker says") != std::string::npos);
  CHECK(text.find("authorized (0x87)\n") != std::string::npos);
  CHECK(text.find("\n  xxxxxxx") != std::string::npos);
}

TEST_CASE("cli: a preview that ends within a character is still text") {
  std::string payload = "x";
  for (int i = 0; i < 40; ++i) payload += "é";
  json cut = message(payload.substr(0, preview_bytes));
  cut["bytes"] = payload.size();
  CHECK(shown(cut, false).find("xéé") != std::string::npos);
}

TEST_CASE("cli: an empty answer says so") {
  CHECK(render_messages({{"messages", json::array()}}, false, false) == "no messages\n");
  CHECK(render_losses({{"losses", json::array()}}, false) == "nothing was lost\n");
}

TEST_CASE("cli: losses are listed and added up") {
  const json answer = json::parse(R"({"losses": [
      {"direction": "up", "lane": "media", "first": 12, "last": 28, "count": 17, "bytes": 3400,
       "reason": "evicted", "at_ms": 1763817600123},
      {"direction": "down", "lane": "default", "first": 5, "last": 5, "count": 1, "bytes": 10,
       "reason": "expired", "at_ms": 1763817600123}]})");
  CHECK(render_losses(answer, false) ==
        "TIME                      LANE     DIRECTION  SEQUENCES  MESSAGES     SIZE  REASON\n"
        "2025-11-22T13:20:00.123Z  media    up         12-28            17  3.3 KiB  evicted\n"
        "2025-11-22T13:20:00.123Z  default  down       5                 1     10 B  expired\n"
        "\n"
        "18 messages lost\n");
}

TEST_CASE("cli: a part of the ledger is not shown as if it were all") {
  json answer = json::parse(R"({"more": true, "losses": [
      {"direction": "up", "lane": "media", "first": 12, "last": 28, "count": 17, "bytes": 0,
       "reason": "evicted", "at_ms": 1763817600123}]})");
  const char* said =
      "of the ledger, the newest: 1 are shown, and there are more; --count N shows more\n";
  CHECK(render_losses(answer, false).find(said) != std::string::npos);
  answer["more"] = false;
  CHECK(render_losses(answer, false).find("shows more") == std::string::npos);
}

TEST_CASE("cli: what was not sent again is listed, but not added to what was lost") {
  const json answer = json::parse(R"({"losses": [
      {"direction": "up", "lane": "media", "first": 12, "last": 28, "count": 17, "bytes": 0,
       "reason": "not_resent", "at_ms": 1763817600123}]})");
  const std::string page = render_losses(answer, false);
  CHECK(page.find("12-28            17") != std::string::npos);
  CHECK(page.find("messages lost") == std::string::npos);
  CHECK(
      page.find("17 messages that a broker may have lost and was not sent again; 'bascule journal "
                "replay --lane LANE' sends them\n") != std::string::npos);
}

TEST_CASE("cli: a replay says what goes again, and what cannot") {
  CHECK(render_replayed({{"messages", 3}, {"first", 4}, {"last", 6}, {"gone", 0}}, false) ==
        "3 messages from 4-6 go again\n");
  CHECK(render_replayed({{"messages", 0}, {"gone", 2}}, false) ==
        "nothing is sent again\n2 messages asked for are not stored any more\n");
}

TEST_CASE("cli: verification closes with what it found") {
  CHECK(render_verification({{"checked", 1'234}, {"damaged", json::array()}}, false) ==
        "1,234 messages verified, no damage\n");
  const json answer = json::parse(R"({"checked": 1234, "damaged": [
      {"lane": "sales", "direction": "up", "first": 17, "last": 20,
       "what": "checksum differs"}]})");
  CHECK(render_verification(answer, false) ==
        "LANE   DIRECTION  SEQUENCES  DAMAGE\n"
        "sales  up         17-20      checksum differs\n"
        "\n"
        "1,234 messages verified, 1 range damaged\n");
}

TEST_CASE("cli: repeats are listed by where they came from, copied stamps apart") {
  CHECK(render_repeats({{"repeats", json::array()}}, false) == "no repeats\n");
  const json answer = json::parse(R"json({"repeats": [
    {"direction": "up", "kind": "looped", "source": "hub", "count": 20,
     "last_ms": 1763817600123, "topic": "pos/1"},
    {"direction": "down", "kind": "redelivered", "source": "", "count": 3,
     "last_ms": 1763817600000, "topic": "menu"},
    {"direction": "down", "kind": "copied", "source": "store-42", "count": 1,
     "last_ms": 0, "topic": "answer\\n"}]})json");
  CHECK(render_repeats(answer, false) ==
        R"(LAST                      DIRECTION  KIND         SOURCE      COUNT  LAST TOPIC
2025-11-22T13:20:00.123Z  up         looped       hub            20  pos/1
2025-11-22T13:20:00.000Z  down       redelivered  the broker      3  menu
1970-01-01T00:00:00.000Z  down       copied       store-42        1  answer\n

23 repeats dropped, 1 copied stamp taken off
)");
}
