// What the authority says.
#pragma once

#include "bascule/policy.hpp"
#include "oversell/site/books.hpp"
#include "oversell/site/devices.hpp"

namespace bascule::oversell {

class News {
 public:
  News(const Options& options, plugin::Step& step, const plugin::Input& input, SiteBooks& books,
       Devices& devices)
      : options_(options), step_(step), input_(input), books_(books), devices_(devices) {}

  void alive();
  void snapshot();
  void notice();

 private:
  void answer(OpenItem& item, const Notice& told);
  void late_answer(OpenItem& item, const Notice& told);
  void note_change(const Snapshot& was, const Snapshot& now);
  void verdict(OpenItem& item, const Notice& told);
  void answer_again(const Notice& told);

  const Options& options_;
  plugin::Step& step_;
  const plugin::Input& input_;
  SiteBooks& books_;
  Devices& devices_;
};

}  // namespace bascule::oversell
