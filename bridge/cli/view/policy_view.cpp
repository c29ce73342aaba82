#include "cli/view/policy_view.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <ctime>

#include "cli/view/table.hpp"
#include "cli/view/terminal.hpp"
#include "cli/view/units.hpp"
#include "text/fields.hpp"
#include "text/json_text.hpp"
#include "text/time.hpp"

namespace bascule {

namespace {

using nlohmann::json;
using Align = Table::Align;

std::string line(const char* name, const std::string& value) {
  return std::string(name) + std::string(12 - std::string_view(name).size(), ' ') + escaped(value) +
         '\n';
}

std::string moment(const json& object, const char* name) {
  const auto ms = static_cast<std::int64_t>(count_of(object, name));
  return ms == 0 ? "-" : time_text(ms);
}

// For people at this machine: its local time, and how far that is from UTC.
std::string local_moment(const json& object, const char* name) {
  const auto ms = static_cast<std::int64_t>(count_of(object, name));
  if (ms == 0) return "-";
  const std::time_t seconds = ms / 1'000;
  std::tm local{};
  localtime_r(&seconds, &local);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S %z", &local)};
}

// What there is to choose from, with the numbers that 'cases resolve' takes.
std::string choices_text(const json& data) {
  std::string text;
  std::size_t number = 0;
  for (const json& choice : part_of(data, "choices")) {
    const std::string name =
        choice.is_string() ? choice.get<std::string>() : text_of(choice, "name");
    text += "  " + std::to_string(++number) + "  " + escaped(name) + '\n';
    std::size_t place = 0;
    if (name != "take") continue;
    for (const json& value : part_of(data, "values")) {
      const std::string shown = json_text(value.value("value", json()));
      text += "     take " + std::to_string(++place) + "  " + escaped(shown) + ", from " +
              escaped(text_of(value, "origin")) + ", " + local_moment(value, "time_ms") + '\n';
    }
  }
  return text.empty() ? text : "choices\n" + text;
}

// One member a line, so that a person can read it.
std::string block(const char* title, const json& object) {
  if (!object.is_object() || object.empty()) return {};
  std::string text = std::string(title) + '\n';
  for (const auto& [name, value] : object.items()) {
    const std::string shown = value.is_string() ? value.get<std::string>() : json_text(value);
    text += "  " + escaped(name) + ": " + escaped(shown) + '\n';
  }
  return text;
}

}  // namespace

std::string render_policies(const json& answer, bool colour) {
  Table table({{"POLICY"},
               {"PLUGIN"},
               {"DIRECTION"},
               {"WAITING", Align::right},
               {"DECIDED", Align::right},
               {"QUARANTINED", Align::right},
               {"FAILED", Align::right},
               {"CASES", Align::right}});
  for (const auto& policy : part_of(answer, "policies")) {
    for (const char* direction : {"up", "down"}) {
      const bool first = std::string_view(direction) == "up";
      const json& inputs = part_of(policy, direction);
      const std::uint64_t quarantined = count_of(inputs, "quarantined");
      table.row({first ? text_of(policy, "name") : "",
                 first ? text_of(policy, "plugin") + ' ' + text_of(policy, "version") : "",
                 direction,
                 count_text(count_of(inputs, "backlog")),
                 count_text(count_of(inputs, "decided")),
                 {count_text(quarantined), quarantined > 0 ? Tone::warn : Tone::plain},
                 first ? count_text(count_of(policy, "failed")) : "",
                 first ? count_text(count_of(policy, "cases")) : ""});
    }
    const std::string waits_for = text_of(policy, "waits_for");
    if (!waits_for.empty()) table.note({"waits " + waits_for, Tone::warn});
  }
  return table.empty() ? "no policies\n" : table.text(colour);
}

std::string render_decision(const json& answer, bool colour) {
  const std::string state = text_of(answer, "state");
  std::string text = line("policy", text_of(answer, "policy"));
  text += line("input", text_of(answer, "direction") + ' ' +
                            std::to_string(count_of(answer, "number")) + ", a " +
                            text_of(answer, "kind"));
  text += line("topic", text_of(answer, "topic"));
  text += line("journaled", moment(answer, "journaled_ms"));
  text += "state       " +
          painted(state, state == "quarantined" ? Tone::bad : Tone::plain, colour) + '\n';
  for (const auto& range : part_of(answer, "emitted")) {
    const std::uint64_t first = count_of(range, "first"), last = count_of(range, "last");
    text += line("emitted", text_of(range, "direction") + ", lane " + text_of(range, "lane") +
                                ", " + std::to_string(first) +
                                (last == first ? "" : " to " + std::to_string(last)));
  }
  return text + block("verdict", part_of(answer, "verdict"));
}

std::string render_cases(const json& answer, bool colour) {
  Table table({{"CASE", Align::right}, {"STATE"}, {"POLICY"}, {"KIND"}, {"ABOUT"}, {"SINCE"}});
  for (const auto& one : part_of(answer, "cases")) {
    const std::string state = text_of(one, "state");
    table.row({std::to_string(count_of(one, "number")),
               {state, state == "open" ? Tone::warn : Tone::plain},
               text_of(one, "policy"),
               text_of(one, "kind"),
               text_of(one, "subject"),
               local_moment(one, "opened_ms")});
  }
  return table.empty() ? "no cases\n" : table.text(colour);
}

std::string render_case(const json& answer, bool) {
  std::string text =
      line("case", std::to_string(count_of(answer, "number")) + ", " + text_of(answer, "state"));
  text += line("policy", text_of(answer, "policy"));
  text += line("kind", text_of(answer, "kind"));
  text += line("about", text_of(answer, "subject"));
  text += line("since", local_moment(answer, "opened_ms"));
  json data = part_of(answer, "data");
  const std::string choices = choices_text(data);
  if (data.is_object()) data.erase("choices");
  text += block("data", data) + choices;
  if (count_of(answer, "decided_ms") > 0) {
    text += line("decided by", text_of(answer, "decided_by"));
    text += line("at", local_moment(answer, "decided_ms"));
    text += block("decision", part_of(answer, "decision"));
  }
  return text + block("outcome", part_of(answer, "outcome"));
}

std::string render_outcome(const json& answer) {
  const std::string number = "case " + std::to_string(count_of(answer, "number"));
  if (text_of(answer, "state") != "closed") {
    return number + " is decided; the policy has not come to it yet: 'bascule cases show " +
           std::to_string(count_of(answer, "number")) + "'\n";
  }
  return number + " is closed\n" + block("outcome", part_of(answer, "outcome"));
}

namespace {

std::string input_name(const json& place) {
  return text_of(place, "direction") + ' ' + std::to_string(count_of(place, "number"));
}

std::string present_text(const json& answer, bool colour) {
  const json& present = part_of(answer, "present");
  const std::uint64_t otherwise = count_of(present, "otherwise");
  const std::uint64_t reproduced = count_of(present, "reproduced");
  std::string text = line("as it is", "decides " + count_text(reproduced) + " of " +
                                          count_text(reproduced + otherwise) + " as it did then");
  if (otherwise > 0) {
    text += "            " +
            painted("the first that it does not is input " +
                        input_name(part_of(present, "first_otherwise")),
                    Tone::warn, colour) +
            '\n';
  }
  if (!answer.value("from_the_start", true)) {
    text += "            " +
            painted("older inputs are gone: it began without the state that they had left",
                    Tone::warn, colour) +
            '\n';
  }
  return text;
}

std::string other_text(const json& other, bool colour) {
  std::string text =
      line("as asked", "decides " + count_text(count_of(other, "same")) + " the same, " +
                           count_text(count_of(other, "different")) + " differently");
  const auto also = [&](const char* name, const char* what) {
    if (count_of(other, name) == 0) return;
    text += line("", count_text(count_of(other, name)) + what);
  };
  also("failed", " would fail, and be quarantined after three attempts");
  also("not_asked_for", " left out: wakes it did not want, decisions of cases it had not opened");
  also("own_wakes", " wakes of its own besides");
  const auto more = static_cast<std::int64_t>(number_of(other, "cases_more"));
  if (more != 0) {
    text += line("", counted(static_cast<std::uint64_t>(more < 0 ? -more : more), "case") +
                         (more < 0 ? " fewer" : " more") + " for people");
  }
  Table changes({{"COUNT", Align::right}, {"DIFFERENCE"}, {"FIRST AT"}});
  for (const json& change : part_of(other, "changes")) {
    changes.row(
        {count_text(count_of(change, "count")), text_of(change, "what"), input_name(change)});
  }
  if (!changes.empty()) text += '\n' + changes.text(colour);
  Table list({{"INPUT"}, {"TIME"}, {"TOPIC"}, {"WAS"}, {"WOULD BE"}});
  for (const json& one : part_of(other, "differences")) {
    const auto shown = [&](const char* name) {
      const json& verdict = part_of(one, name);
      return verdict.empty() ? std::string("-") : json_text(verdict);
    };
    list.row({input_name(one), moment(one, "wall_ms"), text_of(one, "topic"), shown("was"),
              shown("would_be")});
  }
  return list.empty() ? text : text + '\n' + list.text(colour);
}

}  // namespace

std::string render_replay(const json& answer, bool colour) {
  std::string text = line("policy", text_of(answer, "policy"));
  const std::uint64_t inputs = count_of(answer, "inputs");
  if (inputs == 0) return text + line("inputs", "none that is decided is in the journal");
  text += line("inputs", count_text(inputs) + ", " + moment(answer, "from_ms") + " to " +
                             moment(answer, "to_ms"));
  if (count_of(answer, "quarantined") > 0) {
    text += line("", count_text(count_of(answer, "quarantined")) + " quarantined, left out");
  }
  text += present_text(answer, colour);
  const json& other = part_of(answer, "other");
  return other.empty() ? text : text + other_text(other, colour);
}

}  // namespace bascule
