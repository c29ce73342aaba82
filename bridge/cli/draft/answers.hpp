// What `bascule init` is told: by flags, and where those are missing, by a person at a terminal.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "cli/draft/draft.hpp"

namespace bascule {

struct Answers {
  std::string id;
  std::string site = "mqtt://localhost:1883", site_user, site_password_file;
  std::string site_ca_file, site_cert_file, site_key_file;
  std::string central, user, password_file, ca_file, cert_file, key_file;
  std::string broker = "auto";
  std::string data_dir, socket;
  std::vector<std::string> up, down;  // patterns, as in a route's `from`
};

// Asks for all that is not there yet, again where an answer is not valid; an empty answer takes
// what stands in brackets. Throws std::runtime_error at the end of `in`.
void ask(std::istream& in, std::ostream& out, Answers& answers);

// Throws std::invalid_argument, which names the flag, for the first answer that is not valid.
void check(const Answers& answers);

// Of valid answers.
Draft draft_of(const Answers& answers, const std::string& instance);

}  // namespace bascule
