// Does what one of its words says, so that a test can see that a sanitizer's report of it is read.
// Ends by SIGKILL where it can, as most servers of the tests do: a report must not need more.

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <thread>

namespace {

void race() {
  int shared = 0;
  std::thread other([&shared] { shared = 1; });
  shared = 2;
  other.join();
}

void overflow(int n) {
  auto* bytes = static_cast<volatile char*>(std::malloc(static_cast<std::size_t>(n)));
  bytes[n] = 1;
}

// Found when the process exits, and only then.
void leak(int n) {
  static_cast<volatile char*>(std::malloc(static_cast<std::size_t>(n)))[0] = 1;
  std::exit(0);
}

void undefined(int n) {
  volatile int number = std::numeric_limits<int>::max();
  number = number + n;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view word = argc > 1 ? argv[1] : "";
  if (word == "race") race();
  if (word == "overflow") overflow(argc);
  if (word == "leak") leak(argc);
  if (word == "undefined") undefined(argc);
  std::raise(SIGKILL);
}
