#include "oversell/ledger/escrow.hpp"

#include <algorithm>
#include <set>

namespace bascule::oversell {

std::int64_t Escrow::given(std::string_view from, std::string_view to) const {
  const auto row = given_.find(from);
  if (row == given_.end()) return 0;
  const auto cell = row->second.find(to);
  return cell == row->second.end() ? 0 : cell->second;
}

std::int64_t Escrow::used(std::string_view holder) const {
  const auto found = used_.find(holder);
  return found == used_.end() ? 0 : found->second;
}

std::int64_t Escrow::rights(std::string_view holder) const {
  std::int64_t sum = -used(holder);
  for (const auto& [from, row] : given_) {
    for (const auto& [to, count] : row) {
      if (to == holder) sum += count;
      if (from == holder && to != holder) sum -= count;
    }
  }
  return sum;
}

void Escrow::create(const std::string& holder, std::int64_t count) {
  if (count > 0) given_[holder][holder] += count;
}

bool Escrow::use(const std::string& holder, std::int64_t count) {
  if (count < 0 || count > rights(holder)) return false;
  if (count > 0) used_[holder] += count;
  return true;
}

bool Escrow::give(const std::string& from, const std::string& to, std::int64_t count) {
  if (from == to || count < 0 || count > rights(from)) return false;
  if (count > 0) given_[from][to] += count;
  return true;
}

std::vector<std::string> Escrow::holders() const {
  std::set<std::string> names;
  for (const auto& [from, row] : given_) {
    names.insert(from);
    for (const auto& [to, count] : row) names.insert(to);
  }
  for (const auto& [holder, count] : used_) names.insert(holder);
  return {names.begin(), names.end()};
}

void Escrow::merge(const Escrow& other) {
  for (const auto& [from, row] : other.given_) {
    for (const auto& [to, count] : row) {
      auto& cell = given_[from][to];
      cell = std::max(cell, count);
    }
  }
  for (const auto& [holder, count] : other.used_) {
    auto& cell = used_[holder];
    cell = std::max(cell, count);
  }
}

Escrow Escrow::row(const std::string& holder) const {
  Escrow part;
  if (const auto row = given_.find(holder); row != given_.end()) part.given_[holder] = row->second;
  if (const auto count = used(holder); count > 0) part.used_[holder] = count;
  return part;
}

Escrow Escrow::gift(const std::string& from, const std::string& to) const {
  Escrow part;
  if (const auto count = given(from, to); count > 0) part.given_[from][to] = count;
  return part;
}

Json Escrow::json() const {
  auto json = Json::object();
  if (!given_.empty()) json["given"] = given_;
  if (!used_.empty()) json["used"] = used_;
  return json;
}

Escrow Escrow::of(const Json& json) {
  Escrow escrow;
  const auto cell = [](const Json& row, const std::string& name) {
    const auto count = integer(row, name.c_str());
    if (count < 0) throw std::runtime_error("rights below zero");
    return count;
  };
  if (!json.is_object()) throw std::runtime_error("rights must be an object");
  const auto given = json.value("given", Json::object());
  for (const auto& [from, row] : given.items()) {
    for (const auto& item : row.items()) escrow.given_[from][item.key()] = cell(row, item.key());
  }
  const auto used = json.value("used", Json::object());
  for (const auto& item : used.items()) escrow.used_[item.key()] = cell(used, item.key());
  return escrow;
}

Allotment allot(std::int64_t amount, std::int64_t reserve_bp,
                const std::map<std::string, std::int64_t>& weights) {
  Allotment result;
  std::int64_t total = 0;
  for (const auto& [site, weight] : weights) total += weight;
  if (total == 0 || amount <= 0) {
    result.reserve = std::max<std::int64_t>(amount, 0);
    return result;
  }
  result.reserve = amount * reserve_bp / 10'000;
  const auto shared = amount - result.reserve;
  auto left = shared;
  std::vector<std::pair<std::int64_t, std::string>> remainders;  // negated: the largest first
  for (const auto& [site, weight] : weights) {
    const auto share = shared * weight / total;
    result.shares[site] = share;
    left -= share;
    remainders.emplace_back(-(shared * weight % total), site);
  }
  std::sort(remainders.begin(), remainders.end());
  for (auto next = remainders.begin(); left > 0; ++next, --left) ++result.shares[next->second];
  return result;
}

}  // namespace bascule::oversell
