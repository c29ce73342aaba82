#include "conflict/authority/turn/outbox.hpp"

#include "conflict/record/marks.hpp"

namespace bascule::conflict {

namespace {

std::string transaction_text(const std::string& key, const Record& record, std::string_view op,
                             const std::map<std::string, std::string>& changed) {
  std::vector<std::string_view> names;
  names.reserve(changed.size());
  for (const auto& [part, payload] : changed) names.push_back(part);
  ObjectText parts;
  if (!record.deleted) {
    for (const auto& [part, version] : record.part_versions) parts.number(part, version);
  }
  ObjectText json;
  json.json("changed", list_text(names)).json("deleted", record.deleted ? "true" : "false");
  json.text("op", op).json("parts", parts.close()).text("record", key);
  return json.number("version", record.version).close();
}

// The whole record with all that its properties say, for who cannot see properties.
std::string envelope_text(const Options& options, const std::string& key, const Record& record,
                          std::string_view op) {
  ObjectText json;
  json.json("deleted", record.deleted ? "true" : "false");
  json.json("fields", record.deleted ? "null" : render(options, record));
  json.text("hlc", text(record.newest)).text("op", op).text("record", key);
  return json.text("state", word(record.standing)).number("version", record.version).close();
}

// "family:2 person:3", so that a site knows whether it has all of a version.
std::string versions_text(const Record& record) {
  std::string text;
  for (const auto& [part, version] : record.part_versions) {
    text += (text.empty() ? "" : " ") + part + ':' + std::to_string(version);
  }
  return text;
}

}  // namespace

std::string describe(const Op& op, const Entry* entry, std::string_view canonical) {
  ObjectText json;
  if (entry != nullptr) json.number("arrived_ms", op.arrived_ms);
  if (!op.blind() && !op.foreign()) json.number("base", op.base);
  json.text("base_quality", word(op.quality));
  if (entry != nullptr && !entry->by.empty()) json.text("by", entry->by);
  if (!canonical.empty()) json.json("canonical", canonical);
  const bool invalid = entry != nullptr && entry->violation.any();
  if (invalid) json.text("field", entry->violation.field);
  json.json("fields", fields_text(op.fields)).text("hlc", text(op.hlc)).text("kind", word(op.kind));
  json.text("op", op.id).text("origin", op.origin());
  if (!op.part.empty()) json.text("part", op.part);
  if (!op.person.empty()) json.text("person", op.person);
  if (!op.prev.empty()) json.text("prev", op.prev);
  if (entry != nullptr) json.text("reason", entry->reason);
  json.text("record", op.key);
  if (invalid) json.text("rule", entry->violation.rule);
  json.number("time_ms", op.hlc.ms).number("u_ms", op.u_ms);
  if (entry != nullptr) {
    json.text("verdict", word(entry->verdict)).number("version", entry->version);
  }
  return json.close();
}

void Outbox::record(const std::string& key, const Record& record, std::string_view op,
                    const std::vector<std::string>& parts) {
  auto& changed = changed_[key];
  changed.properties.clear();
  changed.properties.reserve(6);  // with the mark
  changed.properties.emplace_back("version", std::to_string(record.version));
  changed.properties.emplace_back("hlc", text(record.newest));
  changed.properties.emplace_back("op", op);
  changed.properties.emplace_back("state", word(record.standing));
  if (options_.parts()) changed.properties.emplace_back("parts", versions_text(record));
  changed.pending = record.standing == Standing::unknown;
  if (changed.pending) {
    changed.payloads = {{"", record.deleted ? "" : render(options_, record)}};
    return;
  }
  for (const auto& part : parts) changed.payloads[part];
  for (auto& [part, payload] : changed.payloads) {
    payload = record.deleted ? "" : render(options_, record, part);
    if (!part.empty() && payload == "{}") payload.clear();
  }
  if (!options_.topics.envelope.empty()) {
    changed.envelope = envelope_text(options_, key, record, op);
  }
  if (options_.topics.transaction.empty()) return;
  changed.transaction = transaction_text(key, record, op, changed.payloads);
}

void Outbox::pending(std::string_view key, Standing standing, std::string_view record,
                     std::string_view fields) {
  auto& message = pending_[std::string(key)];
  message = message_of(options_.topics.pending.fill(TopicValues{options_, key}),
                       std::string(fields), true, {{"state", std::string(word(standing))}});
  if (!record.empty()) message.properties.emplace_back("record", record);
}

void Outbox::forget(std::string_view key, const Record& record) {
  if (record.standing == Standing::merged || record.standing == Standing::retired) return;
  std::vector<std::string> parts{""};
  if (options_.parts()) {
    parts.clear();
    for (const auto& [part, version] : record.part_versions) parts.push_back(part);
  }
  for (const auto& part : parts) {
    send(options_.topics.canonical.fill(TopicValues{options_, key, part}), "", true,
         {{"version", "-1"}, {"hlc", text(record.newest)}});
    forgotten_.push_back(std::move(messages_.back()));
    messages_.pop_back();
  }
  if (!options_.topics.envelope.empty()) {
    send(options_.topics.envelope.fill(TopicValues{options_, key}), "", true);
  }
}

void Outbox::verdict(const State& state, const Record& record, const Entry& entry) {
  ObjectText json;
  if (entry.ambiguous) json.json("ambiguous", "true");
  if (!entry.by.empty()) json.text("by", entry.by);
  // Who has lost gets what stands instead.
  const bool lost = entry.verdict == Verdict::reject || entry.verdict == Verdict::superseded;
  if (lost && entry.version >= 0) {
    const auto version = state.version_by(options_, record, entry.made_by);
    if (version) json.json("canonical", version->json());
  }
  if (entry.violation.any()) json.text("field", entry.violation.field);
  if (!entry.lost.empty()) json.json("lost", list_text(entry.lost));
  json.text("op", entry.op.id);
  if (!entry.reason.empty()) json.text("reason", entry.reason);
  json.text("record", entry.op.key);
  if (entry.violation.any()) json.text("rule", entry.violation.rule);
  json.text("verdict", word(entry.verdict));
  json.number("version", entry.version);
  // Of what has become of its edits the site has been told up to here.
  answer(entry.op, json.close(), {{"mark", mark_text(hub_, entry.number)}});
}

void Outbox::verdict(const Parked& parked) {
  ObjectText json;
  json.number("case", parked.case_number);
  if (parked.violation.any()) json.text("field", parked.violation.field);
  json.text("op", parked.op.id).text("reason", parked.reason).text("record", parked.op.key);
  if (parked.violation.any()) json.text("rule", parked.violation.rule);
  json.text("verdict", word(parked.verdict));
  answer(parked.op, json.close());
}

void Outbox::answer(const Op& op, std::string verdict,
                    std::vector<std::pair<std::string, std::string>> properties) {
  explained_ = verdict;
  send(options_.topics.verdict.fill(TopicValues{options_, op.key, op.part, op.origin()}),
       std::move(verdict), false, std::move(properties));
}

void Outbox::conflict(const Entry& incoming, const Pair& pair, const Record& record) {
  const auto& stored = *pair.stored;
  const std::string_view ops[] = {stored.op.id, incoming.op.id};
  ObjectText json;
  json.json("ambiguous", pair.ambiguous ? "true" : "false").json("conflict", list_text(ops));
  json.json("incoming", describe(incoming.op)).text("record", incoming.op.key);
  json.json("stands", record.deleted ? "null" : render(options_, record));
  json.json("stored", describe(stored.op)).json("units", list_text(pair.units));
  json.text("verdict", word(incoming.verdict)).number("version", record.version);
  send(options_.topics.conflict.fill(
           TopicValues{options_, incoming.op.key, incoming.op.part, incoming.op.origin()}),
       json.close(), false);
}

void Outbox::history(const Entry& entry, const Record& record) {
  if (options_.topics.history.empty()) return;
  const auto canonical = record.live() ? render(options_, record) : "null";
  send(options_.topics.history.fill(
           TopicValues{options_, entry.op.key, entry.op.part, entry.op.origin()}),
       describe(entry.op, &entry, canonical), false);
}

void Outbox::ask_to_report(const std::string& site) {
  send(options_.topics.mark.fill({{"origin", site}}) + "/ask", "{}", false);
}

void Outbox::send(std::string topic, std::string payload, bool retain,
                  std::vector<std::pair<std::string, std::string>> properties) {
  messages_.push_back(
      message_of(std::move(topic), std::move(payload), retain, std::move(properties)));
}

plugin::Output Outbox::message_of(
    std::string topic, std::string payload, bool retain,
    std::vector<std::pair<std::string, std::string>> properties) const {
  plugin::Output output;
  output.direction = plugin::Direction::down;
  output.lane = options_.lane;
  output.topic = std::move(topic);
  output.payload = std::move(payload);
  output.retain = retain;
  output.properties = std::move(properties);
  return output;
}

void Outbox::send_canonical(const std::string& key, Changed& changed) {
  if (changed.pending) return;
  for (auto& [part, payload] : changed.payloads) {
    send(options_.topics.canonical.fill(TopicValues{options_, key, part}), std::move(payload), true,
         changed.properties);
  }
}

void Outbox::send_others(const std::string& key, const Changed& changed) {
  if (changed.pending) {
    return send(options_.topics.pending.fill(TopicValues{options_, key}), changed.payloads.at(""),
                true, changed.properties);
  }
  if (!changed.envelope.empty()) {
    send(options_.topics.envelope.fill(TopicValues{options_, key}), changed.envelope, true);
  }
  if (changed.transaction.empty()) return;
  send(options_.topics.transaction.fill(TopicValues{options_, key}), changed.transaction, true);
}

void Outbox::flush(State& state) {
  const auto messages = std::exchange(messages_, {});
  for (auto& [key, changed] : changed_) send_canonical(key, changed);
  for (auto& message : forgotten_) messages_.push_back(std::move(message));
  forgotten_.clear();
  if (!messages_.empty()) {
    // Only with the last one has everything of this step been sent.
    for (auto& message : messages_) {
      const bool last = &message == &messages_.back();
      const auto mark = last ? state.last_number() : state.number_before();
      message.properties.emplace_back("mark", mark_text(hub_, mark));
    }
    state.put_told(state.last_number());
  }
  for (const auto& [key, changed] : changed_) {
    if (changed.pending) pending_.erase(key);
    send_others(key, changed);
  }
  for (auto& [key, message] : pending_) messages_.push_back(std::move(message));
  pending_.clear();
  changed_.clear();
  for (const auto& message : messages_) step_.emit(message);
  for (const auto& message : messages) step_.emit(message);
  messages_.clear();
  if (!explained_.empty()) step_.explain(explained_);
}

}  // namespace bascule::conflict
