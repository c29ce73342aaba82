#include "cli/view/quarantine_view.hpp"

#include "cli/view/payload_text.hpp"
#include "cli/view/table.hpp"
#include "cli/view/units.hpp"
#include "text/fields.hpp"
#include "text/time.hpp"

namespace bascule {
namespace {

using nlohmann::json;
using Align = Table::Align;

std::string place(const json& message) {
  const std::string lane = text_of(message, "lane");
  if (lane.empty()) return "-";
  return lane + " " + std::to_string(count_of(message, "sequence"));
}

std::string when(const json& message) {
  return time_text(static_cast<std::int64_t>(number_of(message, "at_ms")));
}

}  // namespace

std::string quarantine_advice(const json& total, bool colour) {
  const std::uint64_t messages = count_of(total, "messages");
  if (messages == 0) return {};
  return painted(counted(messages, "message") + (messages == 1 ? " is" : " are") + " quarantined",
                 Tone::bad, colour) +
         " (" + bytes_text(count_of(total, "bytes")) +
         "): 'bascule journal quarantine list' says why, 'bascule journal quarantine requeue' "
         "sends "
         "them again\n";
}

std::string render_quarantine(const json& answer, bool colour) {
  Table table({{"NUMBER", Align::right},
               {"TIME"},
               {"DIRECTION"},
               {"LANE"},
               {"BYTES", Align::right},
               {"TOPIC"},
               {"REASON"}});
  for (const auto& message : part_of(answer, "messages")) {
    table.row({std::to_string(count_of(message, "number")),
               when(message),
               text_of(message, "direction"),
               place(message),
               count_text(count_of(message, "bytes")),
               text_of(message, "topic"),
               {text_of(message, "reason"), Tone::warn}});
  }
  if (table.empty()) return "nothing is quarantined\n";
  return table.text(colour) + '\n' + quarantine_advice(part_of(answer, "total"), colour);
}

std::string render_quarantined(const json& answer, bool colour) {
  const json& messages = part_of(answer, "messages");
  if (messages.empty()) return "there is no such message in the quarantine\n";
  const json& message = messages[0];
  const std::uint64_t bytes = count_of(message, "bytes");
  const std::uint64_t kept = count_of(message, "kept_bytes");
  Table table({{""}, {""}});
  table.row({"number", std::to_string(count_of(message, "number"))});
  table.row({"since", when(message)});
  table.row({"reason", {text_of(message, "reason"), Tone::warn}});
  table.row({"lane", text_of(message, "direction") + " " + place(message)});
  table.row({"topic", text_of(message, "topic")});
  table.row({"qos", std::to_string(count_of(message, "qos"))});
  table.row({"retain", message.value("retain", false) ? "yes" : "no"});
  table.row({"bytes", count_text(bytes) +
                          (kept < bytes ? ", the first " + count_text(kept) + " are kept" : "")});
  for (const auto& property : part_of(message, "properties")) {
    table.row({"property", text_of(property, "name") + ": " + text_of(property, "value")});
  }
  return table.text(colour) + '\n' + payload_text(message, true) + '\n';
}

}  // namespace bascule
