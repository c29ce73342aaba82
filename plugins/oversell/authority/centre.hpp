// Devices and people at the centre: they speak to the authority itself.
#pragma once

#include "oversell/authority/books.hpp"

namespace bascule::oversell {

class Centre {
 public:
  Centre(const Options& options, plugin::Step& step, const plugin::Input& input,
         AuthorityBooks& books)
      : options_(options), step_(step), input_(input), books_(books) {}

  // False: the input is on none of their topics.
  bool take();

 private:
  void request(const Captures& captures);
  void fact(const std::string& item, bool sold);
  void capacity(const std::string& item);
  void reclaim(const std::string& item);

  const Options& options_;
  plugin::Step& step_;
  const plugin::Input& input_;
  AuthorityBooks& books_;
};

}  // namespace bascule::oversell
