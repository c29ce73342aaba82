#include "conflict/outbox.hpp"

namespace bascule::conflict {

namespace {

Json fields_json(const Fields& fields) {
  auto json = Json::object();
  for (const auto& [name, value] : fields) json[name] = parse_json(value);
  return json;
}

}  // namespace

Json describe(const Op& op) {
  Json json{{"op", op.id},
            {"record", op.key},
            {"kind", word(op.kind)},
            {"fields", fields_json(op.fields)},
            {"hlc", text(op.hlc)},
            {"time_ms", op.hlc.ms},
            {"u_ms", op.u_ms},
            {"origin", op.origin()},
            {"base_quality", word(op.quality)}};
  if (!op.blind()) json["base"] = op.base;
  if (!op.prev.empty()) json["prev"] = op.prev;
  if (!op.part.empty()) json["part"] = op.part;
  return json;
}

void Outbox::record(std::string_view key, const Record& record, std::string_view op,
                    const std::vector<std::string>& parts) {
  auto& changed = changed_[std::string(key)];
  changed.record = record;
  changed.op = op;
  changed.parts.insert(parts.begin(), parts.end());
}

void Outbox::clear_pending(std::string_view key) {
  send(options_.topics.pending.fill(topic_values(options_, key, "", "")), "", true);
}

void Outbox::verdict(const State& state, const Entry& entry) {
  Json json{{"op", entry.op.id},
            {"record", entry.op.key},
            {"verdict", word(entry.verdict)},
            {"version", entry.version}};
  if (!entry.reason.empty()) json["reason"] = entry.reason;
  if (!entry.lost.empty()) json["lost"] = entry.lost;
  if (!entry.by.empty()) json["by"] = entry.by;
  if (entry.ambiguous) json["ambiguous"] = true;
  explained_ = json;
  explained_["described"] = describe(entry.op);
  // Who has lost gets what stands instead.
  const bool lost = entry.verdict == Verdict::reject || entry.verdict == Verdict::superseded;
  if (lost && entry.version >= 0) {
    const auto snapshot = state.snapshot(entry.op.key, entry.version);
    if (snapshot) json["canonical"] = snapshot->deleted ? Json() : parse_json(snapshot->json);
  }
  send(options_.topics.verdict.fill(
           topic_values(options_, entry.op.key, entry.op.part, entry.op.origin())),
       json.dump(), false);
}

void Outbox::verdict(const Parked& parked) {
  Json json{{"op", parked.op.id},
            {"record", parked.op.key},
            {"verdict", word(parked.verdict)},
            {"reason", parked.reason},
            {"case", parked.case_number}};
  explained_ = json;
  explained_["described"] = describe(parked.op);
  send(options_.topics.verdict.fill(
           topic_values(options_, parked.op.key, parked.op.part, parked.op.origin())),
       json.dump(), false);
}

void Outbox::conflict(const Entry& incoming, const Pair& pair, const Record& record) {
  const auto& stored = *pair.stored;
  Json json{{"conflict", {stored.op.id, incoming.op.id}},
            {"record", incoming.op.key},
            {"version", record.version},
            {"units", pair.units},
            {"ambiguous", pair.ambiguous},
            {"stored", describe(stored.op)},
            {"incoming", describe(incoming.op)},
            {"verdict", word(incoming.verdict)},
            {"stands", record.deleted ? Json() : parse_json(render(options_, record))}};
  send(options_.topics.conflict.fill(
           topic_values(options_, incoming.op.key, incoming.op.part, incoming.op.origin())),
       json.dump(), false);
}

void Outbox::history(const Entry& entry) {
  if (options_.topics.history.empty()) return;
  auto json = describe(entry.op);
  json["verdict"] = word(entry.verdict);
  json["reason"] = entry.reason;
  json["version"] = entry.version;
  json["arrived_ms"] = entry.op.arrived_ms;
  if (!entry.by.empty()) json["by"] = entry.by;
  send(options_.topics.history.fill(
           topic_values(options_, entry.op.key, entry.op.part, entry.op.origin())),
       json.dump(), false);
}

void Outbox::send(std::string topic, std::string payload, bool retain,
                  std::vector<std::pair<std::string, std::string>> properties) {
  auto& output = messages_.emplace_back();
  output.direction = plugin::Direction::down;
  output.lane = options_.lane;
  output.topic = std::move(topic);
  output.payload = std::move(payload);
  output.retain = retain;
  output.properties = std::move(properties);
}

void Outbox::send_record(const std::string& key, const Changed& changed) {
  const auto& record = changed.record;
  const std::vector<std::pair<std::string, std::string>> properties{
      {"version", std::to_string(record.version)},
      {"hlc", text(record.newest)},
      {"op", changed.op},
      {"state", std::string(word(record.standing))}};
  if (record.standing == Standing::unknown) {
    send(options_.topics.pending.fill(topic_values(options_, key, "", "")),
         record.deleted ? "" : render(options_, record), true, properties);
    return;
  }
  for (const auto& part : changed.parts) {
    auto payload = record.deleted ? std::string() : render(options_, record, part);
    if (!part.empty() && payload == "{}") payload.clear();
    send(options_.topics.canonical.fill(topic_values(options_, key, part, "")), std::move(payload),
         true, properties);
  }
  send_transaction(key, changed);
}

void Outbox::send_transaction(const std::string& key, const Changed& changed) {
  if (options_.topics.transaction.empty()) return;
  Json json{{"record", key},
            {"version", changed.record.version},
            {"op", changed.op},
            {"deleted", changed.record.deleted},
            {"changed", changed.parts},
            {"parts", Json::object()}};
  if (!changed.record.deleted) {
    for (const auto& [part, version] : changed.record.part_versions) json["parts"][part] = version;
  }
  send(options_.topics.transaction.fill(topic_values(options_, key, "", "")), json.dump(), true);
}

void Outbox::flush() {
  auto messages = std::move(messages_);
  messages_.clear();
  for (const auto& [key, changed] : changed_) send_record(key, changed);
  changed_.clear();
  for (const auto& message : messages_) step_.emit(message);
  for (const auto& message : messages) step_.emit(message);
  messages_.clear();
  if (!explained_.is_null()) step_.explain(explained_.dump());
}

}  // namespace bascule::conflict
