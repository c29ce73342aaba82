// What the commands have in common: each adds itself to the program, and when the arguments name
// it, leaves behind what to run.
#pragma once

#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace bascule {

namespace exit_code {
inline constexpr int done = 0;
inline constexpr int failed = 1;  // or invalid
inline constexpr int usage = 2;
inline constexpr int no_daemon = 3;
// Of `status --check`, as monitoring plugins have them: warning, critical, unknown.
inline constexpr int degraded = 1;
inline constexpr int failing = 2;
inline constexpr int unknown = 3;
}  // namespace exit_code

struct Choice {
  std::string config = "/etc/bascule/bascule.yaml";
  std::function<int()> run;  // returns the exit code, or throws
};

// `choice` must outlive the parsing of the arguments and the run.
void add_run(CLI::App& program, Choice& choice);
void add_check(CLI::App& program, Choice& choice);
void add_init(CLI::App& program, Choice& choice);
void add_doctor(CLI::App& program, Choice& choice);
void add_status(CLI::App& program, Choice& choice);
void add_route(CLI::App& program, Choice& choice);
void add_journal(CLI::App& program, Choice& choice);
void add_quarantine(CLI::App& journal, Choice& choice);  // below `journal`, as the next three
void add_replay(CLI::App& journal, Choice& choice);
void add_export(CLI::App& journal, Choice& choice);
void add_import(CLI::App& journal, Choice& choice);
void add_policy(CLI::App& program, Choice& choice);
void add_cases(CLI::App& program, Choice& choice);
void add_reload(CLI::App& program, Choice& choice);
void add_pause(CLI::App& program, Choice& choice);  // and resume
void add_acknowledge(CLI::App& program, Choice& choice);
void add_fleet(CLI::App& program, Choice& choice);
void add_conflict(CLI::App& program, Choice& choice);

}  // namespace bascule
