#pragma once
// A four-letter word, asked over a connection of its own.

#include <drover/result.h>

#include <chrono>
#include <string>
#include <string_view>

#include "client/connect_string.h"

namespace drover::toolbox {

// What a server answers to a four-letter word. Error: nobody answered, and why, in one sentence.
// Connecting and the answer may each take as long as `timeout`.
[[nodiscard]] Result<std::string> four_letter_word(const client::HostPort& server,
                                                   std::string_view word,
                                                   std::chrono::milliseconds timeout);

}  // namespace drover::toolbox
