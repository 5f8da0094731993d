#include "file_tools/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace drover::file_tools {

namespace {
constexpr auto kQuietFor = std::chrono::milliseconds(700);  // short work shows nothing
constexpr auto kEvery = std::chrono::milliseconds(200);
}  // namespace

Progress::Progress(std::string what, std::uint64_t total)
    : what_(std::move(what)),
      total_(total),
      terminal_(::isatty(STDERR_FILENO) == 1),
      next_(std::chrono::steady_clock::now() + kQuietFor) {}

Progress::~Progress() {
  if (shown_) fmt::print(stderr, "\r\x1b[K");
}

void Progress::at(std::uint64_t done) {
  if (!terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + kEvery;
  shown_ = true;
  const double mib = static_cast<double>(done) / (1 << 20);
  if (total_ == 0) {
    fmt::print(stderr, "\r\x1b[K{}: {:.0f} MiB", what_, mib);
  } else {
    fmt::print(stderr, "\r\x1b[K{}: {:.0f} % ({:.0f} MiB)", what_,
               100.0 * static_cast<double>(done) / static_cast<double>(total_), mib);
  }
  std::fflush(stderr);
}

}  // namespace drover::file_tools
