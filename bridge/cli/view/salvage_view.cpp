#include "cli/view/salvage_view.hpp"

#include "cli/view/table.hpp"
#include "cli/view/units.hpp"
#include "message/direction.hpp"
#include "text/fields.hpp"

namespace bascule {

using nlohmann::json;

json salvage_json(const SalvageReport& report) {
  json lanes = json::array();
  for (const auto& lane : report.lanes) {
    json lost = json::array();
    for (const SequenceRange& range : lane.lost) {
      lost.push_back({{"first", range.first}, {"last", range.last}});
    }
    lanes.push_back({{"lane", lane.name},
                     {"direction", to_string(lane.direction)},
                     {"waiting", lane.waiting},
                     {"kept", lane.kept},
                     {"lost", std::move(lost)},
                     {"lost_messages", lane.lost_messages},
                     {"open_from", lane.open_from == 0 ? json() : json(lane.open_from)},
                     {"cursor_lost", lane.forgotten},
                     {"name_lost", lane.nameless}});
  }
  return {{"aside", report.aside},
          {"pages", report.pages},
          {"damaged_pages", report.damaged_pages},
          {"tables", report.tables},
          {"lanes", std::move(lanes)}};
}

std::string render_salvage(const json& report, bool colour) {
  using Align = Table::Align;
  Table table({{"LANE"},
               {"DIRECTION"},
               {"WAITING", Align::right},
               {"KEPT", Align::right},
               {"LOST", Align::right}});
  std::string notes;
  for (const json& lane : part_of(report, "lanes")) {
    const std::string name = text_of(lane, "lane") + " " + text_of(lane, "direction");
    table.row({text_of(lane, "lane"), text_of(lane, "direction"),
               count_text(count_of(lane, "waiting")), count_text(count_of(lane, "kept")),
               count_text(count_of(lane, "lost_messages"))});
    std::string ranges;
    for (const json& range : part_of(lane, "lost")) {
      ranges += (ranges.empty() ? "" : ", ") + std::to_string(count_of(range, "first")) + "-" +
                std::to_string(count_of(range, "last"));
    }
    if (!ranges.empty()) notes += name + " lost " + ranges + "\n";
    if (count_of(lane, "open_from") > 0) {
      notes += name + ": from " + std::to_string(count_of(lane, "open_from")) +
               " on more may be lost; nothing tells how many\n";
    }
    if (lane.value("cursor_lost", false)) {
      notes += name + ": how far it had crossed is lost; what is kept waits again\n";
    }
    if (lane.value("name_lost", false)) {
      notes += name + ": its name is lost, and nothing of it is sent\n";
    }
  }
  std::string tables;
  for (const auto& [name, pages] : part_of(report, "tables").items()) {
    tables += (tables.empty() ? "" : ", ") + (name.empty() ? "of an unknown table" : name) + " " +
              std::to_string(pages.get<std::uint64_t>());
  }
  return table.text(colour) + notes + std::to_string(count_of(report, "damaged_pages")) + " of " +
         count_text(count_of(report, "pages")) + " pages were damaged" +
         (tables.empty() ? "" : " (" + tables + ")") + "; the damaged journal is in " +
         text_of(report, "aside") + "\n";
}

}  // namespace bascule
