// A small file of text beside the journal. Any thread, one at a time for each file.
#pragma once

#include <string>

namespace bascule {

// Writes it, for its owner alone, in place of what is there: at once or not at all, and on the disk
// before it has its name, so that a power cut leaves no empty one. Throws std::runtime_error.
void write_small_file(const std::string& path, const std::string& text);

}  // namespace bascule
