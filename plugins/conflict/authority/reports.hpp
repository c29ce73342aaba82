// Waiting until all sites have reported (option `when: reported`, R30). An op waits until
// everything that was edited anywhere up to its stamp has come. A site's edits come in the order of
// their stamps, so each of them says so of all before it; a site that has nothing to send is asked
// (topics.mark with /ask), and answers with a stamp once what it holds has left. After
// `wait.at_most` the record is decided without those who are missing, or a person is asked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "conflict/authority/turn/turn.hpp"

namespace bascule::conflict {

// Keeps the op until then. A repeat gets its verdict at once.
void await_reports(Turn& turn, const Op& op);
// A site has answered: all that it edited up to this time has come.
void answer_report(Turn& turn, const std::string& site, std::int64_t until_ms);
// The wake that looks for records that have waited long enough.
void take_late(Turn& turn);
// A person has said whether to decide without the missing sites, or to wait as long again.
void resolve_late(Turn& turn, std::int64_t number, const std::string& key, bool decide);

}  // namespace bascule::conflict
