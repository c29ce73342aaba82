// What the sites tell and ask.
#pragma once

#include "oversell/authority/books.hpp"
#include "oversell/authority/verdicts.hpp"

namespace bascule::oversell {

class SiteOps {
 public:
  SiteOps(const Options& options, plugin::Step& step, const plugin::Input& input,
          AuthorityBooks& books)
      : options_(options),
        step_(step),
        input_(input),
        books_(books),
        verdicts_(options, step, input, books) {}

  void take(const Op& op);

 private:
  void refuse_unknown(const Op& op);
  void first_time(const Op& op, AuthorityItem& item);
  void again(const Op& op, AuthorityItem& item, const SaleRecord& record);
  void ask(const Op& op, AuthorityItem& item, SaleRecord record);
  void sale(const Op& op, AuthorityItem& item, SaleRecord record);
  void withdraw(const Op& op, AuthorityItem& item, SaleRecord record);
  void tell(const Op& op, AuthorityItem& item, const SaleRecord& record);

  const Options& options_;
  plugin::Step& step_;
  const plugin::Input& input_;
  AuthorityBooks& books_;
  Verdicts verdicts_;
};

}  // namespace bascule::oversell
