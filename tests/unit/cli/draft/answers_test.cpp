#include "cli/draft/answers.hpp"

#include <doctest/doctest.h>

#include <sstream>
#include <string>

using namespace bascule;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("init: a terminal is asked for all that no flag says, until it is valid") {
  std::istringstream in(
      "no id!\nstore-7\n"      // id, once more
      "\n"                     // site: the preset
      "ftp://x\nmqtts://hq\n"  // central, once more
      "store\n\n"              // user; the password file's preset
      "ca.pem\n/etc/ca.pem\n"  // from the root
      "rabbit\nrabbitmq\n"     // the kind
      "pos/#\nstock/+\n\n"     // up
      "\n");                   // down: none
  std::ostringstream out;
  Answers answers;
  ask(in, out, answers);
  CHECK(answers.id == "store-7");
  CHECK(answers.site == "mqtt://localhost:1883");
  CHECK(answers.central == "mqtts://hq");
  CHECK(answers.user == "store");
  CHECK(answers.password_file == "${CREDENTIALS_DIRECTORY}/central.password");
  CHECK(answers.ca_file == "/etc/ca.pem");
  CHECK(answers.broker == "rabbitmq");
  CHECK(answers.up == std::vector<std::string>{"pos/#", "stock/+"});
  CHECK(answers.down.empty());
  CHECK(contains(out.str(), "did you mean \"rabbitmq\"?"));

  const std::string yaml = to_yaml(draft_of(answers, ""));
  for (const char* part : {"id: store-7", "url: mqtts://hq", "broker: rabbitmq", "protocol: 3.1.1",
                           "/etc/credstore/bascule.central.password", "from: 'stock/+'"}) {
    CAPTURE(part);
    CHECK(contains(yaml, part));
  }
}

TEST_CASE("init: what flags have said is not asked for, and the end of the answers is an error") {
  Answers answers;
  answers.id = "store-7";
  answers.central = "mqtt://hq";
  answers.up = {"pos/#"};
  std::istringstream in("\n\n\n\n\n");  // site, user, kind, down: one is left over
  std::ostringstream out;
  ask(in, out, answers);
  CHECK_FALSE(contains(out.str(), "authority"));  // there is no TLS
  CHECK_FALSE(contains(out.str(), "Id of this bridge"));
  std::istringstream none;
  answers.id.clear();
  CHECK_THROWS_WITH(ask(none, out, answers), "the answers ended: nothing is written");
}

TEST_CASE("init: a flag that is wrong is named") {
  const auto wrong = [](auto change) {
    Answers answers;
    change(answers);
    try {
      check(answers);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(contains(wrong([](Answers& a) { a.id = "a b"; }), "--id must be"));
  CHECK(contains(wrong([](Answers& a) { a.central = "http://x"; }), "--central must begin"));
  CHECK(contains(wrong([](Answers& a) { a.ca_file = "x"; }), "--ca must be a path"));
  CHECK(contains(wrong([](Answers& a) { a.broker = "nat"; }), "--broker cannot be"));
  CHECK(contains(wrong([](Answers& a) { a.up = {"a/#/b"}; }), "--up is impossible"));
  CHECK(contains(wrong([](Answers& a) { a.central = "mqtt://x", a.ca_file = "/x"; }),
                 "--ca has no effect"));
  CHECK(contains(wrong([](Answers& a) { a.cert_file = "x", a.key_file = "/x"; }),
                 "--cert must be a path"));
  CHECK(contains(wrong([](Answers& a) { a.central = "mqtts://x", a.cert_file = "/x"; }),
                 "--key is missing"));
  CHECK(contains(wrong([](Answers& a) { a.site_key_file = "/x"; }), "--site-cert is missing"));
  CHECK(contains(wrong([](Answers& a) { a.site_cert_file = "/x", a.site_key_file = "/y"; }),
                 "--site-cert has no effect without TLS; --site"));
  CHECK(wrong([](Answers& a) {
          a.central = "mqtts://x", a.cert_file = "/x", a.key_file = "/y";
        }).empty());
  CHECK(wrong([](Answers& a) { a.id = "store-7"; }).empty());
}

TEST_CASE("init: the journal and the socket are where they are wanted") {
  Answers answers;
  answers.id = "store-7";
  answers.central = "mqtt://hq";
  const std::string usual = to_yaml(draft_of(answers, "shop"));
  CHECK(contains(usual, "data_dir: /var/lib/bascule/shop "));
  CHECK(contains(usual, "socket: /run/bascule/shop/control.sock "));
  answers.data_dir = "/srv/journal", answers.socket = "/srv/bascule.sock";
  check(answers);
  const std::string yaml = to_yaml(draft_of(answers, "shop"));
  CHECK(contains(yaml, "data_dir: /srv/journal "));
  CHECK(contains(yaml, "socket: /srv/bascule.sock "));
  answers.socket = "bascule.sock";
  CHECK_THROWS_AS(check(answers), std::invalid_argument);
}

TEST_CASE("init: certificates of the bridge are in the file, each at its link") {
  Answers answers;
  answers.id = "store-42";
  answers.site = answers.central = "mqtts://x";
  answers.cert_file = "/c.pem", answers.key_file = "/c.key";
  answers.site_ca_file = "/ca.pem", answers.site_cert_file = "/s.pem";
  answers.site_key_file = "/s.key";
  const Draft draft = draft_of(answers, "");
  CHECK(draft.central.cert_file == "/c.pem");
  CHECK(draft.central.key_file == "/c.key");
  CHECK(draft.site.ca_file == "/ca.pem");
  CHECK(draft.site.cert_file == "/s.pem");
  CHECK(contains(to_yaml(draft), "/s.key"));
}
