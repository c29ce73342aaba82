// The program's command line.
#pragma once

namespace bascule {

// Runs the command that the arguments name. Answers go to stdout, errors to stderr, one line each.
// Returns the exit code: 0 done, 1 failed or invalid, 2 usage, 3 no daemon answers.
int run_cli(int argc, char** argv);

}  // namespace bascule
