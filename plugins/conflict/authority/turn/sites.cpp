// The key: m SITE.
#include "conflict/authority/turn/sites.hpp"

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
  site.reported_ms = in.integer();
  site.asked_ms = in.integer();
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
  out.integer(site.case_number).integer(site.reported_ms).integer(site.asked_ms);
  step_.put(key_of(name), out.take());
}

std::map<std::string, Site> Sites::counted(const std::vector<std::string>& named,
                                           std::int64_t now_ms) {
  auto sites = all();
  for (const auto& name : named) {
    Site site;
    site.heard_ms = now_ms;
    const auto [it, fresh] = sites.try_emplace(name, site);
    if (fresh) put(name, it->second);
  }
  std::erase_if(sites, [](const auto& site) { return site.second.dropped; });
  return sites;
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
