#include "cli/serve.h"

#include <cstdio>
#include <memory>
#include <string>

namespace drover::cli {

void add_serve(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("serve", "Serve clients, in the foreground, until SIGTERM or SIGINT");
  auto file = std::make_shared<std::string>();
  command->add_option("config", *file, "zoo.cfg; without it: standalone, 127.0.0.1:2181, data in ./drover-data");
  command->callback([file, &exit_code] {
    std::fputs("drover serve: not built yet\n", stderr);
    exit_code = 1;
  });
}

}  // namespace drover::cli
