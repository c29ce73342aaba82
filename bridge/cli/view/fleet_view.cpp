#include "cli/view/fleet_view.hpp"

#include <unistd.h>

#include <cstdint>
#include <map>
#include <utility>

#include "cli/view/table.hpp"
#include "cli/view/units.hpp"
#include "text/fields.hpp"
#include "text/units.hpp"

namespace bascule {
namespace {

using nlohmann::json;
using Align = Table::Align;

Tone tone_of(const std::string& state) {
  if (state == "offline") return Tone::bad;
  return state == "slow" ? Tone::warn : Tone::good;
}

// "-" where the site has not said it.
std::string count_in(const json& site, const char* name) {
  const json count = site.value(name, json());
  return count.is_number_unsigned() ? count_text(count.get<std::uint64_t>()) : "-";
}

std::string age_in(const json& site) {
  const auto age_s = static_cast<double>(count_of(site, "oldest"));
  return age_s > 0 ? span_text(age_s) : "-";
}

// When it said how much waits.
std::string as_of(const json& site) {
  const std::string time = text_of(site, "as_of");
  return time.empty() ? "-" : time;
}

// "3 sites: 1 offline, 2 online"
std::string heading(const json& sites) {
  std::map<std::string, std::uint64_t> states;
  for (const json& site : sites) ++states[text_of(site, "state")];
  std::string text = counted(sites.size(), "site");
  const char* separator = ": ";
  for (const char* state : {"offline", "slow", "online"}) {
    if (states[state] == 0) continue;
    text += std::exchange(separator, ", ") + count_text(states[state]) + ' ' + state;
  }
  return text + '\n';
}

std::string faults(const json& answer, bool colour, std::size_t page) {
  std::string text;
  const auto say = [&](const std::string& what) {
    text += painted_lines(what, Tone::warn, colour, page, 0);
  };
  if (const std::string why = text_of(answer, "why"); !why.empty()) {
    say("what is shown may be old: " + why);
  }
  if (const auto refused = count_of(answer, "refused"); refused > 0) {
    say(counted(refused, "message") +
        " were not what a bridge says about itself: see who else may publish to bascule/#");
  }
  if (const auto left_out = count_of(answer, "left_out"); left_out > 0) {
    say("there are more sites than are shown: " + counted(left_out, "message") +
        " of others were left out");
  }
  return text;
}

}  // namespace

std::string render_fleet(const json& answer, bool colour) {
  const json& sites = part_of(answer, "sites");
  const std::size_t page = page_columns(STDOUT_FILENO);
  std::string text = faults(answer, colour, page);
  if (sites.empty()) return text + "no site has said anything yet\n";
  Table table({{"SITE", Align::left, true},
               {"STATE"},
               {"SINCE"},
               {"BACKLOG", Align::right},
               {"OLDEST", Align::right},
               {"LOST", Align::right},
               {"AS OF"},
               {"VERSION"}});
  for (const json& site : sites) {
    const std::string state = text_of(site, "state");
    table.row({{text_of(site, "site"), Tone::strong},
               {state, tone_of(state)},
               text_of(site, "since"),
               count_in(site, "backlog"),
               age_in(site),
               count_in(site, "lost"),
               as_of(site),
               {text_of(site, "version"), Tone::faint}});
    std::string needs;
    for (const json& need : part_of(site, "needs")) {
      if (need.is_string()) needs += (needs.empty() ? "" : "; ") + need.get<std::string>();
    }
    if (!needs.empty()) table.note({needs, tone_of(state == "online" ? "slow" : state)});
  }
  return text + heading(sites) + '\n' + table.text(colour, page);
}

}  // namespace bascule
