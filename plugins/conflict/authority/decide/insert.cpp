#include "conflict/authority/decide/insert.hpp"

#include <algorithm>
#include <optional>

#include "sdk/json.hpp"
#include "sdk/unicode.hpp"

namespace bascule::conflict {

namespace {

// Of what an insert may be, that a person is shown.
constexpr std::size_t near_max = 20;

// The normalised key parts of an op or of a record, in the order of the options; "": it is missing.
using Key = std::vector<std::string>;

Key key_of(const Options& options, const Fields& fields) {
  Key key;
  for (const auto& part : options.insert_match) {
    const auto found = fields.find(part.field);
    key.push_back(found == fields.end() ? "" : normalise(part.as, found->second));
  }
  return key;
}

// A record that nobody can see has none, so that it is found by nothing.
Key key_of(const Options& options, const Record& record) {
  Key key;
  for (const auto& part : options.insert_match) {
    const auto* unit = record.live() ? record.find(part.field) : nullptr;
    key.push_back(unit == nullptr ? "" : normalise(part.as, unit->value));
  }
  return key;
}

// What is looked up of a key: all of it, or all parts but one.
constexpr std::size_t whole = ~std::size_t{0};

bool same(const Key& a, const Key& b, std::size_t without) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (i != without && a[i] != b[i]) return false;
  }
  return true;
}

// As the index has it: the parts may be of any length, keys of the host may not. Two keys may share
// it, so that what is found is compared.
std::optional<std::string> bucket_of(const Options& options, const Key& key, std::size_t without) {
  if (without != whole && key.size() < 2) return std::nullopt;
  std::string name = without == whole ? "*" : options.insert_match[without].field;
  Writer parts;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (i == without) continue;
    if (key[i].empty()) return std::nullopt;
    parts.text(options.insert_match[i].field).text(key[i]);
  }
  return name + '\0' + big_endian(fnv1a(parts.take()));
}

// The records with these parts, so many at the most; the op's own is none of them.
std::vector<std::string> find(const Turn& turn, const Op& op, const Key& key, std::size_t without,
                              std::size_t count_max) {
  std::vector<std::string> found;
  const auto bucket = bucket_of(turn.options, key, without);
  if (!bucket) return found;
  turn.state.indexed(*bucket, [&](std::string_view candidate) {
    if (candidate == op.key) return true;
    const auto record = turn.state.record(candidate);
    if (record && same(key_of(turn.options, *record), key, without)) found.emplace_back(candidate);
    return found.size() < count_max;
  });
  return found;
}

}  // namespace

std::string normalise(Normaliser as, std::string_view json) {
  const auto value = parse_json(json);
  if (value.is_null() || value.is_discarded() || value.is_structured()) return {};
  auto text = value.is_string() ? value.get<std::string>() : value.dump();
  if (as == Normaliser::exact) return text;
  text = folded(text);
  if (as == Normaliser::folded) return spaced(text);
  std::erase_if(text, [](char c) { return c < '0' || c > '9'; });
  return text;
}

Match match_insert(Turn& turn, const Op& op) {
  const auto& parts = turn.options.insert_match;
  if (op.central) return {Match::Is::new_record, "", Standing::created, {}};
  if (parts.empty()) return {Match::Is::new_record, "", Standing::reconciled, {}};
  const auto key = key_of(turn.options, op.fields);
  const bool missing = std::find(key.begin(), key.end(), "") != key.end();
  auto full = find(turn, op, key, whole, near_max);
  if (full.size() == 1) return {Match::Is::part_of, full[0], Standing::merged, {}};
  auto near = std::move(full);
  for (std::size_t without = 0; without < key.size() && near.size() < near_max; ++without) {
    for (auto& one : find(turn, op, key, without, near_max - near.size())) {
      if (std::find(near.begin(), near.end(), one) == near.end()) near.push_back(std::move(one));
    }
  }
  if (!missing && near.empty()) return {Match::Is::new_record, "", Standing::reconciled, {}};
  return {Match::Is::new_record, "", Standing::unknown, near};
}

bool gives_a_field(const Options& options, const Op& op, const Record& record) {
  const auto stands = parse_json(render(options, record));
  return std::any_of(op.fields.begin(), op.fields.end(), [&](const auto& field) {
    const auto& [name, value] = field;
    const auto is_part = [&](const MatchPart& part) { return part.field == name; };
    if (std::any_of(options.insert_match.begin(), options.insert_match.end(), is_part)) {
      return false;
    }
    const auto found = stands.find(name);
    return value != (found == stands.end() ? "null" : canonical_text(*found));
  });
}

void index_record(Turn& turn, std::string_view key, const Record& record) {
  const auto count = turn.options.insert_match.size();
  if (count == 0) return;
  const auto before = turn.state.record(key);
  const auto old_key = before ? key_of(turn.options, *before) : Key(count);
  const auto new_key = key_of(turn.options, record);
  if (old_key == new_key) return;
  for (std::size_t i = 0; i <= count; ++i) {
    const auto without = i == count ? whole : i;
    const auto old_bucket = bucket_of(turn.options, old_key, without);
    const auto new_bucket = bucket_of(turn.options, new_key, without);
    if (old_bucket == new_bucket) continue;
    if (old_bucket) turn.state.unindex(*old_bucket, key);
    if (new_bucket) turn.state.index(*new_bucket, key);
  }
}

}  // namespace bascule::conflict
