#include "policies/conflict/hub.hpp"

#include "conflict/authority/person/ask.hpp"

namespace bascule::test {

namespace {

struct Reported {
  std::string text;
};

conflict::Options read(const Json& json, const std::string& bridge_id, std::string& problems) {
  const auto text = json.dump();
  Reported reported;
  bascule_options raw{};
  raw.size = sizeof raw;
  raw.json = plugin::bytes(text);
  raw.name = plugin::bytes("test");
  raw.bridge_id = plugin::bytes(bridge_id);
  raw.context = &reported;
  raw.problem = [](void* context, bascule_bytes pointer, bascule_bytes what) {
    static_cast<Reported*>(context)->text +=
        std::string(plugin::view(pointer)) + " " + std::string(plugin::view(what)) + "; ";
  };
  auto options = conflict::read_options(plugin::Options(raw));
  problems = reported.text;
  return options;
}

}  // namespace

conflict::Options options_of(const Json& json, const std::string& bridge_id) {
  std::string problems;
  auto options = read(json, bridge_id, problems);
  if (!problems.empty()) throw std::runtime_error(problems);
  return options;
}

std::string problems_of(const Json& json) {
  std::string problems;
  read(json, "hub", problems);
  return problems;
}

Hub::Hub(const Json& more) {
  Json json{{"role", "authority"},
            {"record", "edits/{id}"},
            {"topics", {{"canonical", "records/{id}"}, {"history", "history/{id}"}}}};
  json.merge_patch(more);
  options = options_of(json);
}

void Hub::seed(const Json& fields, const std::string& key, std::int64_t version) {
  Edit edit{.site = "S", .fields = fields, .base = -1, .at = monday - 30 * day, .record = key};
  edit.number = 1000 + sequence * 1000;
  give(edit, monday - 20 * day);
  for (std::int64_t v = 1; v <= version; ++v) {
    ++edit.number;
    edit.base = v - 1;
    edit.at += 1000;
    give(edit, monday - 20 * day);
  }
}

Message Hub::as_message(const Edit& edit, std::int64_t arrives) const {
  Message message;
  message.origin = edit.site;
  message.sequence = edit.number;
  message.topic = "edits/" + edit.record + (edit.part.empty() ? "" : "/" + edit.part);
  message.payload = edit.kind == "delete" ? "" : edit.fields.dump();
  message.wall_ms = arrives;
  message.boottime_ms = arrives - monday + 100 * day;
  message.properties = {{"op", edit.id()},
                        {"hlc", std::to_string(edit.at) + "-0-" + edit.site},
                        {"u", std::to_string(edit.u)}};
  if (!edit.blind) message.properties.emplace_back("base", std::to_string(edit.base));
  if (!edit.prev.empty()) message.properties.emplace_back("prev", id_of(edit.prev));
  if (!edit.kind.empty()) message.properties.emplace_back("kind", edit.kind);
  return message;
}

void Hub::message(const Message& given) {
  auto message = given;
  ++sequence;
  const MemoryHost::DecideInCpp decide = [&](plugin::Step& step, const plugin::Input& input) {
    conflict::decide_at_authority(options, step, input);
  };
  if (!host.step(decide, message)) throw std::runtime_error(host.failure);
  for (const auto& it : host.sent) {
    sent.push_back(it);
    if (it.topic.starts_with("conflicts/")) conflicts.push_back(it.json());
    if (it.topic.starts_with("verdicts/")) verdicts[it.json()["op"]] = it.json();
  }
}

Json Hub::give(const Edit& edit, std::int64_t arrives) {
  verdicts.erase(edit.id());
  message(as_message(edit, arrives));
  const auto found = verdicts.find(edit.id());
  return found == verdicts.end() ? host.explained : found->second;
}

Json Hub::resolve(std::int64_t number, const std::string& choose, const Json& data) {
  Json decision{{"choose", choose}, {"by", "ann"}};
  if (!data.is_null()) decision["data"] = data;
  Message message;
  message.kind = plugin::Input::Kind::resolution;
  message.lane = "decisions";
  message.sequence = sequence + 1;
  message.topic = std::to_string(number);
  message.payload = decision.dump();
  message.wall_ms = monday + 5 * day;
  this->message(message);
  return host.explained;
}

Json Hub::ask(const std::string& what, const Json& about) const {
  auto looked = host;  // nothing of it is kept
  const MemoryHost::DecideInCpp decide = [&](plugin::Step& step, const plugin::Input&) {
    conflict::answer(options, step, what, about.dump());
  };
  if (!looked.step(decide, Message{})) throw std::runtime_error(looked.failure);
  return looked.explained;
}

Json Hub::reinstate(const Json& about) {
  auto said = about;
  said["by"] = "ann";
  Message message;
  message.kind = plugin::Input::Kind::resolution;
  message.lane = "decisions";
  message.sequence = sequence + 1;
  message.topic = "reinstate";
  message.payload = said.dump();
  message.wall_ms = monday + 5 * day;
  this->message(message);
  return host.explained;
}

void Hub::wake(const std::string& name, std::int64_t at, bool trusted) {
  Message message;
  message.kind = plugin::Input::Kind::wake;
  message.topic = name;
  message.wall_ms = at;
  message.trusted = trusted;
  this->message(message);
}

void Hub::trim(std::int64_t at) {
  do {
    wake("trim", at);
  } while (host.wakes.contains("trim") && host.wakes["trim"] <= at);
}

conflict::Hlc Hub::clock() const {
  const auto found = host.state.find("ncounts");
  if (found == host.state.end()) return {};
  conflict::Reader in(found->second);
  return conflict::read_hlc(in);
}

std::vector<std::int64_t> Hub::open_cases(const std::string& kind) const {
  std::vector<std::int64_t> numbers;
  for (const auto& [number, it] : host.cases) {
    if (it.kind == kind && !host.closed.contains(number)) numbers.push_back(number);
  }
  return numbers;
}

Json Hub::record(const std::string& key) const {
  const auto found = host.state.find("r" + key);
  if (found == host.state.end()) return nullptr;
  const auto record = conflict::Record::decode(found->second);
  return record.live() ? Json::parse(conflict::render(options, record)) : Json();
}

std::vector<Json> Hub::versions(const std::string& key) const {
  std::vector<Json> versions;
  const auto found = host.state.find("r" + key);
  if (found == host.state.end()) return versions;
  auto version = conflict::stored_version(options, conflict::Record::decode(found->second));
  while (true) {
    versions.push_back({version.deleted, version.json(), version.life, text(version.newest)});
    const auto maker = host.state.find('h' + conflict::big_endian(version.made_by));
    if (maker == host.state.end()) return versions;
    const auto entry = conflict::decode_entry(maker->second);
    if (!entry.undo) return versions;
    conflict::put_back(*entry.undo, version);
  }
}

std::int64_t Hub::version(const std::string& key) const {
  const auto found = host.state.find("r" + key);
  return found == host.state.end() ? -1 : conflict::Record::decode(found->second).version;
}

Json Hub::all() const {
  auto records = Json::object();
  for (auto it = host.state.lower_bound("r"); it != host.state.end() && it->first[0] == 'r'; ++it) {
    records[it->first.substr(1)] = record(it->first.substr(1));
  }
  return records;
}

std::vector<conflict::Entry> Hub::history(const std::string& key) {
  std::vector<conflict::Entry> entries;
  for (auto it = host.state.lower_bound("h"); it != host.state.end() && it->first[0] == 'h'; ++it) {
    auto entry = conflict::decode_entry(it->second);
    if (entry.op.key == key) entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace bascule::test
