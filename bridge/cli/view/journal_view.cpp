#include "cli/view/journal_view.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cli/view/payload_text.hpp"
#include "cli/view/quarantine_view.hpp"
#include "cli/view/table.hpp"
#include "cli/view/terminal.hpp"
#include "cli/view/units.hpp"
#include "text/fields.hpp"
#include "text/time.hpp"
#include "text/units.hpp"

namespace bascule {

namespace {

using nlohmann::json;
using Align = Table::Align;

std::string sequences(const json& range) {
  const std::uint64_t first = count_of(range, "first");
  const std::uint64_t last = count_of(range, "last");
  return first == last ? std::to_string(first) : std::to_string(first) + "-" + std::to_string(last);
}

}  // namespace

std::string render_lanes(const json& answer, bool colour) {
  Table table({{"LANE"},
               {"DIRECTION"},
               {"WAITING", Align::right},
               {"SIZE", Align::right},
               {"OLDEST", Align::right},
               {"STORED", Align::right},
               {"SIZE", Align::right},
               {"SEQUENCES", Align::right},
               {"CURSOR", Align::right}});
  for (const auto& lane : part_of(answer, "lanes")) {
    const std::uint64_t backlog = count_of(lane, "backlog");
    const std::uint64_t first = count_of(lane, "first_sequence");
    const std::uint64_t next = count_of(lane, "next_sequence");
    table.row({text_of(lane, "name"),
               text_of(lane, "direction"),
               {count_text(backlog), backlog > 0 ? Tone::strong : Tone::plain},
               bytes_text(count_of(lane, "backlog_bytes")),
               backlog > 0 ? span_text(number_of(lane, "oldest_age_s")) : "-",
               count_text(count_of(lane, "stored")),
               bytes_text(count_of(lane, "stored_bytes")),
               first < next ? std::to_string(first) + "-" + std::to_string(next - 1) : "-",
               std::to_string(count_of(lane, "cursor"))});
  }
  const json& journal = part_of(answer, "journal");
  return table.text(colour) + "\njournal  " +
         painted(text_of(journal, "path"), Tone::plain, colour) + ", " +
         bytes_text(count_of(journal, "bytes")) + ", epoch " +
         painted(text_of(journal, "epoch"), Tone::plain, colour) + ", schema " +
         std::to_string(count_of(journal, "schema")) + '\n';
}

std::string render_messages(const json& answer, bool whole, bool colour, std::size_t page) {
  constexpr std::size_t wide = 110;
  const bool below = whole || (page > 0 && page < wide);  // the payload, under its message
  std::vector<Table::Column> columns = {
      {"SEQUENCE", Align::right},  {"CAPTURED"}, {"STATE"}, {"QOS"}, {"BYTES", Align::right},
      {"TOPIC", Align::left, true}};
  if (!below) columns.push_back({"PAYLOAD", Align::left, true});
  Table table(std::move(columns));
  for (const auto& message : part_of(answer, "messages")) {
    const std::string why = text_of(message, "state");  // as "held: not authorized (0x87)"
    const std::string state = why.substr(0, why.find(':'));
    const json& retain = message.contains("retain") ? message["retain"] : json();
    const bool retained = retain == json(true) || retain == json(1);
    const bool done = state == "forwarded" || state == "decided";
    const Tone tone = done ? Tone::plain : Tone::warn;
    const std::string payload = payload_text(message, whole);
    std::vector<Table::Cell> cells = {
        std::to_string(count_of(message, "sequence")),
        time_text(static_cast<std::int64_t>(number_of(message, "captured_ms"))),
        {state, tone},
        std::to_string(count_of(message, "qos")) + (retained ? " r" : ""),
        count_text(count_of(message, "bytes")),
        text_of(message, "topic")};
    if (!below) cells.emplace_back(payload);
    table.row(std::move(cells));
    if (why != state) table.note({why, tone});
    if (below && !payload.empty()) table.note(payload);
    if (!whole) continue;
    for (const auto& property : part_of(message, "properties")) {
      table.note({text_of(property, "name") + ": " + text_of(property, "value"), Tone::faint});
    }
  }
  return table.empty() ? "no messages\n" : table.text(colour, whole ? 0 : page);
}

std::string render_replayed(const json& answer, bool colour) {
  const std::uint64_t messages = count_of(answer, "messages"), gone = count_of(answer, "gone");
  std::string text =
      messages == 0 ? "nothing is sent again\n"
                    : counted(messages, "message") + " from " + sequences(answer) + " go again\n";
  if (gone > 0) {
    text += painted(counted(gone, "message"), Tone::warn, colour) +
            " asked for are not stored any more\n";
  }
  return text;
}

std::string render_losses(const json& answer, bool colour) {
  Table table({{"TIME"},
               {"LANE"},
               {"DIRECTION"},
               {"SEQUENCES"},
               {"MESSAGES", Align::right},
               {"SIZE", Align::right},
               {"REASON"}});
  std::uint64_t messages = 0, unsent = 0;
  for (const auto& loss : part_of(answer, "losses")) {
    const std::string reason = text_of(loss, "reason");
    const bool again = reason == "not_resent" || reason == "beyond_history";
    (again ? unsent : messages) += count_of(loss, "count");
    table.row({time_text(static_cast<std::int64_t>(number_of(loss, "at_ms"))),
               text_of(loss, "lane"), text_of(loss, "direction"), sequences(loss),
               count_text(count_of(loss, "count")), bytes_text(count_of(loss, "bytes")),
               text_of(loss, "reason")});
  }
  const std::string quarantined = quarantine_advice(part_of(answer, "quarantined"), colour);
  if (table.empty()) return quarantined.empty() ? "nothing was lost\n" : quarantined;
  std::string text = table.text(colour) + '\n';
  const json more = answer.value("more", json());
  if (more.is_boolean() && more.get<bool>()) {
    text +=
        "of the ledger, the newest: " + part_text(part_of(answer, "losses").size(), 0, "--count N");
  }
  if (messages > 0)
    text += painted(counted(messages, "message") + " lost", Tone::bad, colour) + '\n';
  if (unsent > 0) {
    text += painted(counted(unsent, "message"), Tone::warn, colour) +
            " that a broker may have lost and was not sent again; 'bascule journal replay --lane "
            "LANE' sends them\n";
  }
  return text + quarantined;
}

std::string render_repeats(const json& answer, bool colour) {
  Table table(
      {{"LAST"}, {"DIRECTION"}, {"KIND"}, {"SOURCE"}, {"COUNT", Align::right}, {"LAST TOPIC"}});
  std::uint64_t dropped = 0, copied = 0;
  for (const auto& repeat : part_of(answer, "repeats")) {
    const std::string kind = text_of(repeat, "kind"), source = text_of(repeat, "source");
    (kind == "copied" ? copied : dropped) += count_of(repeat, "count");
    table.row({time_text(static_cast<std::int64_t>(number_of(repeat, "last_ms"))),
               text_of(repeat, "direction"),
               {kind, kind == "looped" || kind == "copied" ? Tone::warn : Tone::plain},
               source.empty() ? "the broker" : source,
               count_text(count_of(repeat, "count")),
               text_of(repeat, "topic")});
  }
  if (table.empty()) return "no repeats\n";
  std::string text = table.text(colour) + '\n' + counted(dropped, "repeat") + " dropped";
  if (copied > 0) text += ", " + counted(copied, "copied stamp") + " taken off";
  return text + '\n';
}

std::string render_verification(const json& answer, bool colour) {
  Table table({{"LANE"}, {"DIRECTION"}, {"SEQUENCES"}, {"DAMAGE"}});
  for (const auto& damage : part_of(answer, "damaged")) {
    table.row({text_of(damage, "lane"),
               text_of(damage, "direction"),
               sequences(damage),
               {text_of(damage, "what"), Tone::bad}});
  }
  const std::string checked = counted(count_of(answer, "checked"), "message") + " verified, ";
  if (table.empty()) return checked + painted("no damage", Tone::good, colour) + '\n';
  return table.text(colour) + '\n' + checked +
         painted(counted(part_of(answer, "damaged").size(), "range") + " damaged", Tone::bad,
                 colour) +
         '\n';
}

}  // namespace bascule
