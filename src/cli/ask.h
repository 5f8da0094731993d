#pragma once
// drover ask: four-letter words from the command line.

#include <drover/result.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <string>
#include <string_view>

#include "client/connect_string.h"

namespace drover::cli {

// What a server answers to a four-letter word. Error: nobody answered, and why, in one sentence.
// Connecting and the answer may each take as long as `timeout`.
[[nodiscard]] Result<std::string> four_letter_word(const client::HostPort& server,
                                                   std::string_view word,
                                                   std::chrono::milliseconds timeout);

// Adds the subcommand; `exit_code`: 0 answered, 1 not.
void add_ask(CLI::App& app, int& exit_code);

}  // namespace drover::cli
