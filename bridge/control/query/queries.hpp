// The questions about the journal that the daemon answers, and that can be answered without it
// while no daemon holds the journal. Paths, parameters and answers are the same in both cases:
//
//   /v1/lanes             {"lanes": [{name, direction, first_sequence, next_sequence, cursor,
//                          backlog, backlog_bytes, held, replaying (still to be sent again),
//                          stored, stored_bytes, oldest_age_s}], "journal": {path, epoch, schema,
//                          bytes}}
//   /v1/journal/show      see message_queries.hpp
//   /v1/journal/crossed   see replay_query.hpp
//   /v1/journal/carry     see carry_query.hpp
//   /v1/journal/verify    after (absent: from the start)
//                         {"checked": n, "damaged": [{lane, direction, first, last, what}],
//                          "total": n, "next": text}
//                         Each answer covers a bounded slice. `next`, opaque, is what to pass as
//                         `after` for the slice behind it, and is missing in the last. `total` is
//                         what all slices will come to, as far as is known.
//   /v1/journal/losses    {"losses": [{direction, lane, first, last, count, bytes, reason,
//                          at_ms}], "quarantined": {"messages", "bytes"}}
//   /v1/journal/repeats   {"repeats": [{direction, kind, source, count, last_ms, topic}]}, newest
//                         first. kind: redelivered, resent, retained, looped or overlapping, which
//                         were dropped and are in the counter `repeats`; copied: the message bore
//                         the stamp of another one, and crossed without it. source: a bridge, for
//                         `resent` ORIGIN/EPOCH/LANE; "": the broker; "others": beyond a thousand.
//                         last_ms, topic: of the newest
// and those about the quarantine (quarantine_queries.hpp), policies (policy_queries.hpp) and
// changed files (changes_query.hpp).
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "config/config.hpp"
#include "control/query/query.hpp"
#include "journal/core.hpp"

namespace bascule {

inline constexpr const char* journal_questions[] = {
    "/v1/lanes",          "/v1/journal/show",   "/v1/journal/crossed", "/v1/journal/carry",
    "/v1/journal/verify", "/v1/journal/losses", "/v1/journal/repeats", "/v1/journal/quarantine"};

// Answers from an open journal, on the thread that owns it. Throws std::invalid_argument for a
// question that is wrong.
nlohmann::json journal_query(JournalCore& core, const std::string& data_dir, std::string_view what,
                             const Query& query);

// Opens the journal in config.data_dir for reading, answers, and closes it. Throws
// std::runtime_error, with what to do, if it cannot be opened or is in use.
nlohmann::json offline_query(const BridgeConfig& config, std::string_view what, const Query& query);

}  // namespace bascule
