#include "cli/draft/answers.hpp"

#include <unistd.h>

#include <cstddef>
#include <functional>
#include <istream>
#include <ostream>
#include <stdexcept>

#include "cli/draft/conversion.hpp"
#include "cli/draft/profile.hpp"
#include "config/values.hpp"
#include "link/url.hpp"
#include "route/pattern.hpp"

namespace bascule {
namespace {

using Check = std::function<void(const std::string&)>;  // throws what continues a sentence

void broker_url(const std::string& text) {
  std::string why;
  if (!parse_url(text, &why)) throw std::invalid_argument(why);
}

void broker_kind(const std::string& text) { one_of(broker_words)(text); }

void file_path(const std::string& text) {
  if (!text.starts_with(credentials)) absolute_path(text);
}

void pattern(const std::string& text) {
  const std::string wrong = pattern_error(plain_text(text));
  if (!wrong.empty()) throw std::invalid_argument("is impossible: " + wrong);
}

// Until the answer is valid.
std::string asked(std::istream& in, std::ostream& out, const std::string& question,
                  const std::string& preset, const Check& check, bool optional) {
  for (;;) {
    out << question << (preset.empty() ? "" : " [" + preset + "]") << ": " << std::flush;
    std::string answer;
    if (!std::getline(in, answer))
      throw std::runtime_error("the answers ended: nothing is written");
    answer.erase(0, answer.find_first_not_of(" \t"));
    answer.erase(answer.find_last_not_of(" \t\r") + 1);
    if (answer.empty()) answer = preset;
    if (answer.empty() && optional) return answer;
    try {
      check(answer);
      return answer;
    } catch (const std::invalid_argument& wrong) {
      out << "  it " << wrong.what() << '\n';
    }
  }
}

std::string host_name() {
  char name[256] = "";
  if (::gethostname(name, sizeof name - 1) != 0) return "";
  return id_of(name);
}

void ask_patterns(std::istream& in, std::ostream& out, const std::string& question,
                  std::vector<std::string>& patterns) {
  while (patterns.empty() || !patterns.back().empty()) {
    const bool first = patterns.empty();
    patterns.push_back(asked(in, out, first ? question : "  another one", "", pattern, true));
  }
  patterns.pop_back();
}

bool has_tls(const std::string& url) {
  const auto parsed = parse_url(url);
  return parsed && parsed->tls();
}

// The flags of one link.
struct TlsFlags {
  std::string url, ca, cert, key;
};

// Without a URL the file that is converted may have one with TLS.
void check_tls(const TlsFlags& flags, const std::string& url, const std::string& ca,
               const std::string& cert, const std::string& key) {
  if (cert.empty() != key.empty()) {
    throw std::invalid_argument(flags.cert + " and " + flags.key + " go together: " +
                                (cert.empty() ? flags.cert : flags.key) + " is missing");
  }
  if (url.empty() || has_tls(url)) return;
  const std::string flag = !ca.empty() ? flags.ca : !cert.empty() ? flags.cert : "";
  if (flag.empty()) return;
  throw std::invalid_argument(flag + " has no effect without TLS; " + flags.url +
                              " has to begin with mqtts:// or wss://");
}

void add_routes(Draft& draft, const char* direction, const std::vector<std::string>& patterns) {
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    DraftRoute route;
    route.name = direction + (i == 0 ? "" : '-' + std::to_string(i + 1));
    route.direction = direction;
    route.from = patterns[i];
    draft.routes.push_back(std::move(route));
  }
}

}  // namespace

void ask(std::istream& in, std::ostream& out, Answers& answers) {
  const std::string central_password = std::string(credentials) + "central.password";
  out << "An empty answer takes what stands in brackets.\n";
  if (answers.id.empty()) {
    answers.id = asked(in, out, "Id of this bridge, unique among your sites", host_name(),
                       identifier, false);
  }
  answers.site = asked(in, out, "URL of the site's broker", answers.site, broker_url, false);
  if (answers.central.empty()) {
    answers.central = asked(in, out, "URL of the central broker, as in mqtts://central.example.net",
                            "", broker_url, false);
  }
  if (answers.user.empty()) {
    answers.user = asked(in, out, "User there (none: leave it empty)", "", plain_text, true);
  }
  if (!answers.user.empty() && answers.password_file.empty()) {
    answers.password_file = asked(in, out, "File of the password, which this program never reads",
                                  central_password, file_path, false);
  }
  if (answers.ca_file.empty() && has_tls(answers.central)) {
    answers.ca_file = asked(in, out, "File of its certificate authority (the system's: empty)", "",
                            file_path, true);
  }
  answers.broker = asked(in, out, "Its kind: auto, mosquitto, rabbitmq, nats or other",
                         answers.broker, broker_kind, false);
  if (answers.up.empty()) {
    ask_patterns(in, out, "Topics that go up, site to central, as in pos/# (none: empty)",
                 answers.up);
  }
  if (answers.down.empty()) {
    ask_patterns(in, out, "Topics that come down, central to site (none: empty)", answers.down);
  }
}

void check(const Answers& answers) {
  const auto valid = [](const char* flag, const std::string& text, const Check& check) {
    if (text.empty()) return;
    try {
      check(text);
    } catch (const std::invalid_argument& wrong) {
      throw std::invalid_argument(std::string(flag) + ' ' + wrong.what());
    }
  };
  valid("--id", answers.id, identifier);
  valid("--site", answers.site, broker_url);
  valid("--site-user", answers.site_user, plain_text);
  valid("--site-password-file", answers.site_password_file, file_path);
  valid("--central", answers.central, broker_url);
  valid("--user", answers.user, plain_text);
  valid("--password-file", answers.password_file, file_path);
  valid("--ca", answers.ca_file, file_path);
  valid("--cert", answers.cert_file, file_path);
  valid("--key", answers.key_file, file_path);
  valid("--site-ca", answers.site_ca_file, file_path);
  valid("--site-cert", answers.site_cert_file, file_path);
  valid("--site-key", answers.site_key_file, file_path);
  valid("--broker", answers.broker, broker_kind);
  valid("--data-dir", answers.data_dir, absolute_path);
  valid("--socket", answers.socket, absolute_path);
  for (const auto& one : answers.up) valid("--up", one, pattern);
  for (const auto& one : answers.down) valid("--down", one, pattern);
  check_tls({"--central", "--ca", "--cert", "--key"}, answers.central, answers.ca_file,
            answers.cert_file, answers.key_file);
  check_tls({"--site", "--site-ca", "--site-cert", "--site-key"}, answers.site,
            answers.site_ca_file, answers.site_cert_file, answers.site_key_file);
}

Draft draft_of(const Answers& answers, const std::string& instance) {
  Draft draft;
  draft.id = answers.id;
  draft.instance = instance;
  draft.data_dir = answers.data_dir;
  draft.socket = answers.socket;
  draft.site.url = answers.site;
  draft.site.username = answers.site_user;
  draft.site.password_file = answers.site_password_file;
  draft.central.url = answers.central;
  draft.central.username = answers.user;
  draft.central.password_file = answers.password_file;
  draft.central.ca_file = answers.ca_file;
  draft.central.cert_file = answers.cert_file;
  draft.central.key_file = answers.key_file;
  draft.site.ca_file = answers.site_ca_file;
  draft.site.cert_file = answers.site_cert_file;
  draft.site.key_file = answers.site_key_file;
  if (!answers.user.empty() && answers.password_file.empty()) {
    draft.central.password_file = std::string(credentials) + "central.password";
  }
  if (!answers.site_user.empty() && answers.site_password_file.empty()) {
    draft.site.password_file = std::string(credentials) + "site.password";
  }
  add_routes(draft, "up", answers.up);
  add_routes(draft, "down", answers.down);
  if (draft.routes.empty()) {
    draft.notes.push_back(
        "no topic crosses yet: add routes below, or name topics with --up and "
        "--down");
  }
  set_profile(draft, *value_of(broker_words, std::string_view(answers.broker)));
  return draft;
}

}  // namespace bascule
