#include "cli/view/conflict_view.hpp"

#include <cstdint>

#include "cli/view/table.hpp"
#include "cli/view/units.hpp"
#include "text/fields.hpp"
#include "text/json_text.hpp"
#include "text/time.hpp"

namespace bascule {

namespace {

using nlohmann::json;
using Align = Table::Align;

std::string moment(const json& one, const char* name) {
  return utc_text(static_cast<std::int64_t>(count_of(one, name)));
}

}  // namespace

std::string render_losers(const json& answer, bool colour) {
  Table table({{"NUMBER", Align::right},
               {"RECORD"},
               {"FIELD"},
               {"VALUE"},
               {"AUTHOR"},
               {"WRITTEN"},
               {"WHY"},
               {"LOST"},
               {"TO"}});
  for (const json& one : part_of(answer, "losers")) {
    const std::string person = text_of(one, "person");
    const auto row = [&](const std::string& field, const std::string& value) {
      table.row({std::to_string(count_of(one, "number")), text_of(one, "record"), field, value,
                 person.empty() ? text_of(one, "origin") : person, moment(one, "time_ms"),
                 text_of(one, "why"), moment(one, "lost_ms"), text_of(one, "to")});
    };
    const json& fields = part_of(one, "fields");
    if (text_of(one, "kind") == "delete") row("-", "(delete)");
    for (const auto& [field, value] : fields.items()) row(field, json_text(value));
  }
  std::string text = table.empty() ? "nothing has lost\n" : table.text(colour);
  const std::uint64_t forgotten = count_of(answer, "forgotten");
  if (forgotten > 0) {
    text += counted(forgotten, "edit") +
            " that had lost, older than the policy's 'history' keeps, are forgotten\n";
  }
  return text;
}

std::string render_records(const json& answer, bool colour) {
  Table table({{"RECORD"}, {"STATE"}, {"VERSION", Align::right}, {"INTO"}});
  for (const json& one : part_of(answer, "records")) {
    const std::string state = text_of(one, "state");
    const bool deleted = one.is_object() && one.value("deleted", false);
    table.row(
        {text_of(one, "record"),
         {deleted ? state + ", deleted" : state, state == "unknown" ? Tone::warn : Tone::plain},
         one.contains("version") ? json_text(one["version"]) : "",
         text_of(one, "into")});
  }
  return table.empty() ? "no records\n" : table.text(colour);
}

std::string render_reinstated(const json& answer, bool colour) {
  const std::string input = "input " + std::to_string(count_of(answer, "number"));
  const json& verdict = part_of(answer, "verdict");
  const std::string word = text_of(verdict, "verdict");
  if (word.empty()) return input + " waits for its turn; 'bascule policy explain' shows it\n";
  if (word == "REFUSED") {
    return painted("not put back: " + text_of(verdict, "reason"), Tone::bad, colour) + '\n';
  }
  return painted("put back: record " + text_of(verdict, "record") + " has version " +
                     std::to_string(count_of(verdict, "version")) + " (" + word + ", " + input +
                     ")",
                 Tone::plain, colour) +
         '\n';
}

}  // namespace bascule
