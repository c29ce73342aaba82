// The key: m SITE.
#include "conflict/authority/sites.hpp"

#include "conflict/record/encoding.hpp"

namespace bascule::conflict {

namespace {

std::string key_of(std::string_view name) { return 'm' + std::string(name); }

Site decode_site(std::string_view bytes) {
  Reader in(bytes);
  Site site;
  site.mark = in.number();
  site.heard_ms = in.integer();
  site.dropped = in.flag();
  site.case_number = in.integer();
  return site;
}

}  // namespace

std::optional<Site> Sites::site(std::string_view name) const {
  const auto bytes = step_.get(key_of(name));
  if (!bytes) return std::nullopt;
  return decode_site(*bytes);
}

void Sites::put(std::string_view name, const Site& site) {
  Writer out;
  out.number(site.mark).integer(site.heard_ms).number(site.dropped ? 1 : 0);
  step_.put(key_of(name), out.integer(site.case_number).take());
}

std::map<std::string, Site> Sites::all() const {
  std::map<std::string, Site> sites;
  step_.scan("m", "m", [&](std::string_view key, std::string_view bytes) {
    sites.emplace(key.substr(1), decode_site(bytes));
    return true;
  });
  return sites;
}

}  // namespace bascule::conflict
