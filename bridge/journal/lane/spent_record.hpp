// A record of a message that came just now. Pure but for the memory of the payload; any thread.
#pragma once

#include <string>

#include "journal/lane/record.hpp"

namespace bascule {

// As encode_record, for a payload that nobody reads afterwards: the memory of a large one goes back
// to the system while it is copied, so that it is never there twice. Its bytes are spoiled then.
void encode_spent(const Message& message, Receipt receipt, bool stamped, std::string& out);

}  // namespace bascule
