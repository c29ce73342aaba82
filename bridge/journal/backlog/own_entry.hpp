// The journal entry of a message that the bridge itself makes: an event, an input of a policy, or
// what a policy's step emits. It has no receipt, since no broker can deliver it again. Pure.
#pragma once

#include <string>

#include "journal/backlog/appender.hpp"

namespace bascule {

// Puts the record at the end of `bytes`; the entry says where it is.
Append own_entry(const Message& message, LaneId lane, std::string& bytes,
                 InputKind kind = InputKind::message);

}  // namespace bascule
