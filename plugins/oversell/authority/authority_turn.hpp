// One input's turn at the authority: the canonical state of every item, and the only place where a
// sale gets its final verdict. Nothing lives longer than the turn; the state is the host's.
//
// Keys: self; round: how far all items have been announced. The others are those of books.hpp and
// verdicts.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bascule/policy.hpp"
#include "oversell/authority/books.hpp"
#include "oversell/options/options.hpp"

namespace bascule::oversell {

class AuthorityTurn {
 public:
  AuthorityTurn(const Options& options, plugin::Step& step, const plugin::Input& input)
      : options_(options), step_(step), input_(input), books_(options, step, input) {}

  void run();

 private:
  void learn();
  void wake_alive(std::int64_t at_ms);
  bool was_set_back() const;
  void set_back();
  void begin_round(std::string_view stage);
  void go_on();
  void go_round(std::string stage, std::string from);
  void message();
  void wake();
  void heartbeat();
  void forget();

  const Options& options_;
  plugin::Step& step_;
  const plugin::Input& input_;
  AuthorityBooks books_;
  Json self_;
};

}  // namespace bascule::oversell
