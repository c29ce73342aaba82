#include "cli/cli.hpp"

int main(int argc, char** argv) { return bascule::run_cli(argc, argv); }
