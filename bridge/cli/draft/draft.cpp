#include "cli/draft/draft.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "config/values.hpp"
#include "text/words.hpp"

namespace bascule {
namespace {

constexpr std::size_t columns = 100;

// As it is where YAML takes it for a text anyway, else in single quotes.
std::string scalar(const std::string& text) {
  constexpr std::string_view letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/";
  constexpr std::string_view more = ".-:";
  const bool plain = !text.empty() && letters.find(text.front()) != letters.npos &&
                     text.back() != ':' && text != "null" &&
                     text.find_first_not_of(std::string(letters) + std::string(more)) == text.npos;
  if (plain) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "''" : std::string(1, c);
  return quoted + "'";
}

// A sentence as lines of a comment; the lines after the first one are indented.
std::string comment(const std::string& text, const std::string& indent, const char* bullet = "") {
  std::string lines, line = indent + "# " + bullet;
  const std::string next = indent + "# " + std::string(std::string_view(bullet).size(), ' ');
  std::size_t words = 0;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (words > 0 && line.size() + 1 + word.size() > columns) {
      lines += line + '\n';
      line = next;
      words = 0;
    }
    line += (words++ > 0 ? " " : "") + word;
    at = end + 1;
  }
  return lines + line + '\n';
}

std::string entry(const char* key, const std::string& value, const char* said = "") {
  if (value.empty()) return "";
  std::string line = std::string("  ") + key + ": " + scalar(value);
  if (*said != '\0') {
    line += std::string(line.size() < 38 ? 38 - line.size() : 2, ' ') + "# " + said;
  }
  return line + '\n';
}

std::string entries(const std::vector<std::pair<std::string, std::string>>& settings) {
  std::string text;
  for (const auto& [key, value] : settings) text += "  " + key + ": " + value + '\n';
  return text;
}

std::string tls(const DraftLink& link) {
  std::string text;
  for (const auto& [key, value] : {std::pair{"ca_file", &link.ca_file},
                                   {"cert_file", &link.cert_file},
                                   {"key_file", &link.key_file},
                                   {"alpn", &link.alpn}}) {
    if (!value->empty()) text += "  " + entry(key, *value);
  }
  return text.empty() ? "" : "  tls:\n" + text;
}

std::string urls(const DraftLink& link) {
  if (link.other_urls.empty()) return entry("url", link.url);
  std::string list = "'" + link.url + "'";
  for (const std::string& url : link.other_urls) list += ", '" + url + "'";
  return "  url: [" + list + "]\n";
}

std::string section(const char* name, const DraftLink& link) {
  std::string text = std::string(name) + ":\n";
  for (const std::string& advice : link.advice) text += comment(advice, "  ");
  text += urls(link) + entry("client_id", link.client_id) + entry("username", link.username) +
          entry("password_file", link.password_file);
  text += tls(link) + entry("protocol", link.protocol);
  if (link.broker != BrokerKind::automatic) {
    text += entry("broker", std::string(word_of(broker_words, link.broker)));
  }
  return text + entries(link.settings);
}

std::string item(const DraftRoute& route) {
  const auto key = [](const char* name, const std::string& value) {
    return value.empty() ? "" : std::string("    ") + name + ": " + value + '\n';
  };
  std::string exclude;
  for (const std::string& one : route.exclude) {
    exclude += (exclude.empty() ? "" : ", ") + scalar(one);
  }
  return "  - name: " + scalar(route.name) + '\n' + key("direction", route.direction) +
         key("from", scalar(route.from)) + key("to", route.to.empty() ? "" : scalar(route.to)) +
         key("exclude", exclude.empty() ? "" : '[' + exclude + ']') + key("qos", route.qos) +
         key("retain", route.retain);
}

// Each line of it behind a #.
std::string taken_out(const std::string& text) {
  std::string lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines += "  #" + text.substr(at + 1, end - at);
    at = end + 1;
  }
  return lines;
}

std::string routes(const Draft& draft) {
  std::string text, list;
  bool any = false;
  for (const DraftRoute& route : draft.routes) {
    if (!list.empty()) list += '\n';
    if (!route.note.empty()) list += comment(route.note, "  ");
    if (!route.left_out.empty()) list += comment("Left out: " + route.left_out, "  ");
    list += route.left_out.empty() ? item(route) : taken_out(item(route));
    any |= route.left_out.empty();
  }
  text =
      "# What crosses. The first route that matches takes a message; what none takes stays where "
      "it is.\n# {name} is one level of a topic, {name...} the remaining ones; + and # work too."
      "\n";
  if (draft.routes.empty()) {
    list =
        "  # - name: sales\n  #   direction: up                   # up: site to central, down: "
        "central to site\n  #   from: pos/{till}/sale/{rest...}\n"
        "  #   to: stores/{bridge.id}/pos/{till}/sale/{rest...}\n";
  }
  return text + (any ? "routes:\n" : "routes: []\n") + list;
}

}  // namespace

std::string how_to_fill(const std::string& path, const std::string& instance) {
  if (path.starts_with(credentials)) {
    const std::string unit = instance.empty() ? "bascule." : "bascule-" + instance + '.';
    const std::string file = "/etc/credstore/" + unit + path.substr(credentials.size());
    return "as root: install -m 600 /dev/null " + file +
           ", then write the password into it with an editor, and nothing else; the service gets "
           "it at its next start";
  }
  return "as root: install -m 640 -g bascule /dev/null " + path +
         ", then write the password into it with an editor, and nothing else";
}

std::string to_yaml(const Draft& draft) {
  const std::string folder = draft.instance.empty() ? "" : '/' + draft.instance;
  std::string text = comment(
      "bascule: the bridge " + draft.id + (draft.origin.empty() ? "" : ", " + draft.origin) +
          ". After a change: 'bascule reload'; 'bascule check' says what is wrong "
          "with this file, and where. Every key is in bascule.yaml(5).",
      "");
  if (!draft.notes.empty()) text += "#\n# To know, and to do, before it runs:\n";
  for (const std::string& note : draft.notes) text += comment(note, "", "- ");
  text += "\nbridge:\n" + entry("id", draft.id, "unique among your sites") +
          entry("data_dir", draft.data_dir.empty() ? "/var/lib/bascule" + folder : draft.data_dir,
                "the journal lives here");
  text +=
      "\n# The two brokers. Both sections take the same keys; a secret has a file of its own.\n";
  text += section("site", draft.site) + '\n' + section("central", draft.central);
  for (const auto* link : {&draft.site, &draft.central}) {
    if (link->password_file.empty()) continue;
    text += comment("The file " + link->password_file + ": " +
                        how_to_fill(link->password_file, draft.instance) + '.',
                    "  ");
  }
  text +=
      "\njournal:\n"
      "  sync: full                          # full survives a power cut, normal a crash\n"
      "  max_size: 4GiB                      # what waits, and a day of history\n"
      "  when_full: pause                    # pause (the broker keeps what comes), drop-oldest or "
      "drop-newest\n" +
      entries(draft.journal) + '\n' + routes(draft);
  text += "\ncontrol:\n" +
          entry("socket",
                draft.socket.empty() ? "/run/bascule" + folder + "/control.sock" : draft.socket,
                "where 'bascule status' asks");
  return text;
}

}  // namespace bascule
