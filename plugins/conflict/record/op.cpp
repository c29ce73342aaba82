#include "conflict/record/op.hpp"

#include <array>

#include "sdk/json.hpp"
#include "sdk/number.hpp"

namespace bascule::conflict {

namespace {

constexpr std::array<std::string_view, 4> kinds{"patch", "insert", "delete", "recreate"};
constexpr std::array<std::string_view, 4> qualities{"none", "inferred", "given", "foreign"};
constexpr std::size_t key_bytes_max = 400;
constexpr std::size_t id_bytes_max = 300;

std::string plain(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// A part of the key by its name: that of a capture, or the last of a JSON pointer's.
std::string_view part_name(std::string_view part) { return part.substr(part.rfind('/') + 1); }

// What may stand in a key and in a topic.
bool fit(std::string_view value) {
  return !value.empty() && value.find_first_of(std::string_view("+#\0", 3)) == value.npos;
}

std::string escaped(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '/') {
      text += "%2F";
    } else if (c == '%') {
      text += "%25";
    } else {
      text += c;
    }
  }
  return text;
}

std::string unescaped(std::string_view text) {
  std::string value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      value += text[i];
      continue;
    }
    value += text.substr(i, 3) == "%2F" ? '/' : '%';
    i += 2;
  }
  return value;
}

// Takes the value at a pointer out of the payload.
std::optional<std::string> take(Json& json, const std::string& pointer) {
  if (pointer.empty()) return std::nullopt;
  const Json::json_pointer at(pointer);
  if (!json.is_object() || !json.contains(at)) return std::nullopt;
  auto text = plain(json.at(at));
  auto& parent = json.at(at.parent_pointer());
  if (parent.is_object()) parent.erase(at.back());
  return text;
}

// The member texts of what an edit says; empty and `wrong` if it is no object.
void read_fields(const Options& options, Json& json, Reading& reading) {
  const Json* fields = &json;
  if (!options.payload.fields.empty()) {
    const Json::json_pointer at(options.payload.fields);
    if (!json.contains(at)) {
      reading.op.wrong = "no_fields";
      return;
    }
    fields = &json.at(at);
  }
  if (!fields->is_object()) {
    reading.op.wrong = "not_an_object";
    return;
  }
  auto& op = reading.op;
  for (const auto& [name, value] : fields->items()) {
    if (!options.parts()) {
      op.fields[name] = canonical_text(value);
    } else if (!op.part.empty()) {
      op.fields[op.part + "/" + name] = canonical_text(value);
    }
  }
}

// A logical transaction: the part is "*", and the members are the parts.
void read_parts(const Json& json, Reading& reading) {
  if (!json.is_object()) {
    reading.op.wrong = "not_an_object";
    return;
  }
  for (const auto& [part, fields] : json.items()) {
    if (!fields.is_object() || !fit(part) || part.find('/') != part.npos) {
      reading.op.wrong = "not_an_object";
      return;
    }
    for (const auto& [name, value] : fields.items()) {
      auto field = part + '/';
      reading.op.fields[field += name] = canonical_text(value);
    }
  }
}

void read_knowledge(const plugin::Input& input, std::optional<std::string> base,
                    std::optional<std::string> prev, std::optional<std::string> kind,
                    Reading& reading) {
  auto& op = reading.op;
  if (const auto property = input.property("base")) base = *property;
  if (const auto property = input.property("prev")) prev = *property;
  if (const auto property = input.property("kind")) kind = *property;
  if (base) {
    const auto number = whole_number(*base);
    if (!number || *number < -1) {
      reading.op.wrong = "bad_base";
      return;
    }
    op.base = *number;
    const auto quality = input.property("base-quality");
    op.quality = quality == "inferred" ? BaseQuality::inferred : BaseQuality::given;
  }
  if (prev) op.prev = *prev;
  if (!kind) return;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (*kind != kinds[i]) continue;
    op.kind = static_cast<Kind>(i);
    return;
  }
  reading.op.wrong = "bad_kind";
}

// What is no edit is kept as a text, so that nothing is lost with its rejection.
void keep_payload(const plugin::Input& input, Op& op) {
  op.fields.clear();
  op.fields[""] = Json(input.payload()).dump(-1, ' ', false, Json::error_handler_t::replace);
}

void read_stamp(const plugin::Input& input, Reading& reading) {
  const auto stamp = input.property("hlc");
  if (!stamp) return;
  const auto hlc = parse_hlc(*stamp);
  if (!hlc) {
    reading.op.wrong = "bad_hlc";
    return;
  }
  reading.op.hlc = *hlc;
  reading.stamped = true;
  reading.marks = input.property("mark").value_or("");
  if (const auto u = input.property("u")) {
    const auto number = whole_number(*u);
    if (!number || *number < 0 || *number > 86'400'000) reading.op.wrong = "bad_u";
    if (number) reading.op.u_ms = *number;
  }
}

}  // namespace

std::string fields_text(const Fields& fields) {
  ObjectText json;
  for (const auto& [name, value] : fields) json.json(name, value);
  return json.close();
}

std::string_view word(Kind kind) { return kinds[static_cast<std::size_t>(kind)]; }
std::string_view word(BaseQuality quality) { return qualities[static_cast<std::size_t>(quality)]; }

std::string id_of(const plugin::Input& input) {
  std::string id(input.origin());
  id.append("/").append(input.epoch()).append("/").append(input.lane());
  return id + "/" + std::to_string(input.sequence());
}

std::optional<NumberedOp> split_id(std::string_view id) {
  const auto slash = id.rfind('/');
  const auto sequence = slash == id.npos ? std::nullopt : whole_number(id.substr(slash + 1));
  if (!sequence || *sequence < 0) return std::nullopt;
  return NumberedOp{id.substr(0, slash), static_cast<std::uint64_t>(*sequence)};
}

Reading read_op(const Options& options, const plugin::Input& input, const Captures& captures,
                std::string_view hub) {
  Reading reading;
  auto& op = reading.op;
  const auto id = input.property("op");
  // Its origin becomes a level of a topic.
  const bool good = id && fit(*id) && id->find('/') != 0 && id->size() <= id_bytes_max;
  op.id = good ? std::string(*id) : id_of(input);
  if (id && !good) op.wrong = "bad_id";
  op.arrived_ms = input.wall_ms();
  op.digest = fnv1a(input.payload(), fnv1a(input.topic()));
  auto known = captures;
  if (options.parts()) op.part = captures.at("part");
  auto json = input.payload().empty() ? Json::object() : parse_json(input.payload());
  if (json.is_discarded()) {
    reading.op.wrong = "not_json";
    json = Json::object();
  }
  if (input.payload().empty()) op.kind = Kind::remove;
  for (const auto& name : options.key) {
    if (!name.starts_with('/')) continue;
    const Json::json_pointer at(name);
    if (json.contains(at)) known[at.back()] = plain(json.at(at));
  }
  op.key = join_key(options, known);
  if (op.key.empty()) reading.op.wrong = "bad_key";
  if (!op.wrong.empty()) {
    keep_payload(input, op);
    return reading;
  }
  auto base = take(json, options.payload.base);
  auto prev = take(json, options.payload.prev);
  auto kind = take(json, options.payload.kind);
  read_knowledge(input, std::move(base), std::move(prev), std::move(kind), reading);
  const auto whose = input.property("hub");
  if (whose && !hub.empty() && *whose != hub && op.base >= 0) {
    op.base = -1;
    op.quality = BaseQuality::foreign;
  }
  read_stamp(input, reading);
  if (op.prev.size() > id_bytes_max) op.wrong = "bad_id";
  if (op.kind == Kind::remove) return reading;
  if (op.part == "*") {
    read_parts(json, reading);
  } else {
    read_fields(options, json, reading);
  }
  if (op.fields.empty() && op.wrong.empty() && op.kind == Kind::patch) op.wrong = "no_fields";
  if (!op.wrong.empty()) keep_payload(input, op);
  return reading;
}

std::string join_key(const Options& options, const Captures& captures) {
  std::string key;
  for (const auto& name : options.key) {
    const auto found = captures.find(part_name(name));
    if (found == captures.end() || !fit(found->second)) return {};
    if (!key.empty()) key += '/';
    key += escaped(found->second);
  }
  return key.size() > key_bytes_max ? std::string() : key;
}

std::optional<std::string> TopicValues::operator()(std::string_view name) const {
  if (name == "key") return std::string(key);
  if (name == "part") return std::string(part);
  if (name == "origin") return std::string(origin);
  auto rest = key;
  for (const auto& one : options.key) {
    const auto slash = rest.find('/');
    if (part_name(one) == name) return unescaped(rest.substr(0, slash));
    rest = slash == rest.npos ? std::string_view() : rest.substr(slash + 1);
  }
  return std::nullopt;
}

void write(Writer& out, const Op& op) {
  out.text(op.id).text(op.key).text(op.part).number(static_cast<std::uint64_t>(op.kind));
  out.number(op.fields.size());
  for (const auto& [name, value] : op.fields) out.text(name).text(value);
  out.integer(op.base).number(static_cast<std::uint64_t>(op.quality)).text(op.prev);
  write(out, op.hlc);
  out.integer(op.u_ms).number((op.central ? 1U : 0U) | (op.guessed_prev ? 2U : 0U));
  out.integer(op.arrived_ms).number(op.digest);
  out.text(op.person);
}

Op read_op(Reader& in) {
  Op op;
  op.id = in.text();
  op.key = in.text();
  op.part = in.text();
  op.kind = static_cast<Kind>(in.number());
  for (auto count = in.number(); count > 0; --count) {
    std::string name(in.text());
    op.fields.emplace_hint(op.fields.end(), std::move(name), std::string(in.text()));
  }
  op.base = in.integer();
  op.quality = static_cast<BaseQuality>(in.number());
  op.prev = in.text();
  op.hlc = read_hlc(in);
  op.u_ms = in.integer();
  const auto flags = in.number();
  op.central = (flags & 1) != 0;
  op.guessed_prev = (flags & 2) != 0;
  op.arrived_ms = in.integer();
  op.digest = in.number();
  op.person = in.text();
  return op;
}

}  // namespace bascule::conflict
