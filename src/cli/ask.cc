#include "cli/ask.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "toolbox/four_letter_word.h"

namespace drover::cli {

namespace {

constexpr const char* kFooter =
    R"(Common words: srvr (role, latency, zxid), mntr (every figure), ruok, conf, cons, envi, wchs. A server answers
those that 4lw.commands.whitelist of its zoo.cfg names.

Exit codes: 0 answered, 1 nobody answered, 2 bad arguments.

Examples:
  drover ask srvr
  drover ask mntr --server zoo2:2181)";

struct AskOptions {
  std::string word;
  std::string server = "localhost:2181";
  std::uint32_t timeout_ms = 5000;
};

int ask(const AskOptions& options) {
  const auto connect = client::parse_connect_string(options.server);
  if (!connect) {
    fmt::print(stderr, "--server: {}\n", connect.error().message);
    return 2;
  }
  const auto answer = toolbox::four_letter_word(connect->hosts.front(), options.word,
                                                std::chrono::milliseconds(options.timeout_ms));
  if (!answer) {
    fmt::print(stderr, "{}\n", answer.error().message);
    return 1;
  }
  fmt::print("{}{}", *answer, answer->ends_with('\n') ? "" : "\n");
  return 0;
}

}  // namespace

void add_ask(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("ask", "Ask a server a four-letter word and print its answer");
  command->footer(kFooter);
  auto options = std::make_shared<AskOptions>();
  command->add_option("word", options->word, "Four letters: srvr, mntr, ruok, ...")
      ->required()
      ->check(CLI::Validator(
          [](const std::string& word) {
            return word.size() == 4 ? std::string()
                                    : fmt::format("'{}' has not four letters", word);
          },
          ""));
  command->add_option("-s,--server", options->server, "host:port of the server")
      ->capture_default_str();
  command->add_option("--timeout", options->timeout_ms, "Milliseconds to wait for it")
      ->check(CLI::Range(1, 600'000).description(""))
      ->capture_default_str();
  command->callback([options, &exit_code] { exit_code = ask(*options); });
}

}  // namespace drover::cli
