// An op: one edit of one record, as its author meant it and with what its author had seen.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "bascule/policy.hpp"
#include "conflict/options/options.hpp"
#include "conflict/record/encoding.hpp"
#include "conflict/record/hlc.hpp"

namespace bascule::conflict {

enum class Kind : std::uint8_t { patch, insert, remove, recreate };
// How the base is known. blind: not at all; such an author is taken to have seen what is older.
// foreign: it is a version of another hub, or of this one before its journal was made anew; of what
// this one has decided such an author has seen nothing.
enum class BaseQuality : std::uint8_t { blind, inferred, given, foreign };

std::string_view word(Kind kind);
std::string_view word(BaseQuality quality);

using Fields = std::map<std::string, std::string, std::less<>>;  // name to JSON text
std::string fields_text(const Fields& fields);                   // an object

struct Op {
  std::string id;   // origin/epoch/lane/sequence
  std::string key;  // of the record
  std::string part;
  Kind kind = Kind::patch;
  Fields fields;  // with parts: "part/field"; "null" takes a field away
  std::int64_t base = -1;
  BaseQuality quality = BaseQuality::blind;
  std::string prev;  // id of the author's latest unconfirmed op that it had seen
  // Nobody said so: at the centre what is edited has seen what was edited there before. It is not
  // made on top of that, and falls with none of it.
  bool guessed_prev = false;
  Hlc hlc;
  std::int64_t u_ms = 0;
  bool central = false;         // made at the authority, not at a site
  std::string person;           // who decided, if it is a decision of a case
  std::int64_t arrived_ms = 0;  // when this bridge journaled it
  std::uint64_t digest = 0;     // of the payload: the same id with another one is an exception
  std::string wrong;            // why it is no edit, if so: "not_json"; rejected before it is kept

  bool blind() const { return quality == BaseQuality::blind; }
  bool foreign() const { return quality == BaseQuality::foreign; }
  // The author says that it knows of no such record; a foreign one knows of one.
  bool expects_none() const { return !blind() && !foreign() && base < 0; }
  std::string_view origin() const { return std::string_view(id).substr(0, id.find('/')); }
};

// What a message says; if it brings no stamp, op.hlc is for the caller to fill. An op without a key
// cannot be decided at all.
struct Reading {
  Op op;
  bool stamped = false;
  std::string marks;  // that had come to the site when it was made (marks.hpp)
};

// `captures` are those of options.record for the message's topic. At the authority `hub` is its
// own journal (journal_name.hpp); at a site it is empty.
Reading read_op(const Options& options, const plugin::Input& input, const Captures& captures,
                std::string_view hub = {});

// "origin/epoch/lane/sequence" of an input.
std::string id_of(const plugin::Input& input);
// An id as a number within a lane ("origin/epoch/lane"), if it is one.
struct NumberedOp {
  std::string_view lane;
  std::uint64_t sequence = 0;
};
std::optional<NumberedOp> split_id(std::string_view id);

// A record's key is its parts, joined with "/"; what would confuse that is written %XX.
std::string join_key(const Options& options, const Captures& captures);
// What topics are filled with: key, part, origin, and the key's parts by name.
struct TopicValues {
  const Options& options;
  std::string_view key;
  std::string_view part = {};
  std::string_view origin = {};

  std::optional<std::string> operator()(std::string_view name) const;
};

void write(Writer& out, const Op& op);
Op read_op(Reader& in);

}  // namespace bascule::conflict
