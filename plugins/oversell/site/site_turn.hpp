// One input's turn at a site: what devices ask and tell, what the authority says. Nothing lives
// longer than the turn; the state is the host's (books.hpp).
#pragma once

#include <string>

#include "bascule/policy.hpp"
#include "oversell/site/books.hpp"
#include "oversell/site/devices.hpp"
#include "oversell/site/news.hpp"

namespace bascule::oversell {

class SiteTurn {
 public:
  SiteTurn(const Options& options, plugin::Step& step, const plugin::Input& input)
      : options_(options),
        step_(step),
        input_(input),
        books_(options, step, input),
        devices_(options, step, input, books_),
        news_(options, step, input, books_, devices_) {}

  void run();

 private:
  void message();
  void adopt_epoch();
  void go_on();
  void go_round(std::string stage, std::string from);
  void tell_again(const OwnOp& own);
  void forget_waiting();

  const Options& options_;
  plugin::Step& step_;
  const plugin::Input& input_;
  SiteBooks books_;
  Devices devices_;
  News news_;
};

}  // namespace bascule::oversell
