#pragma once
// StatusView -> the text that a four-letter word answers, byte for byte Apache's.

#include <string>

#include "admin/status_view.h"
#include "admin/words.h"

namespace drover::admin {

// The whole reply. crst, srst and stmk have taken effect before (stmk: view.trace_mask is the new
// mask).
[[nodiscard]] std::string answer(Word word, const StatusView& view);

// A Java double rounded half-up to four places: 0.0, 11.5, 1.7254.
[[nodiscard]] std::string java_double(double value);

}  // namespace drover::admin
