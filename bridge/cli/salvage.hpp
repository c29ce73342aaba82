// The commands below `journal` that make a journal whole again, or another machine's.
#pragma once

#include "cli/command.hpp"

namespace bascule {

void add_salvage(CLI::App& journal, Choice& choice);  // and adopt

}  // namespace bascule
