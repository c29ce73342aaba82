// Opens a journal in whatever state it is found: damaged, salvaged to the last step but one, or on
// another machine than before.
#pragma once

#include <string>
#include <vector>

#include "journal/journal.hpp"

namespace bascule {

// As Journal's constructor, which see. What is damaged is salvaged first. A journal that was
// another machine's begins a new epoch: the other may run the same journal still.
Journal open_or_salvage(const JournalSettings& settings, const std::string& bridge_id,
                        const std::vector<LaneSettings>& lanes, const std::string& machine);

// The journal in data_dir is this machine's from now on, and keeps its epoch. False: so it does
// anyway, since the machine has no id. Throws JournalError.
bool adopt_journal(const std::string& data_dir, const std::string& machine);

// Whether the journal's trouble, as its report has it, is that its pages are damaged: and not what
// passes, as a disk that does not answer, is full, or is another's.
bool is_damage(const std::string& trouble);
// Whoever opens it next is to salvage it.
void want_salvage(const std::string& data_dir, const std::string& why);

}  // namespace bascule
