// fifo put N [FIRST], fifo get: a queue, first in first out.
//
//     /queue/qn-<sequence>    persistent sequential, the item as it is
//
// `put` puts in N numbers, from FIRST (1) on; `get` takes out whatever there is, and waits for
// more. The queue is drover::SimpleQueue, on the znodes of Curator's SimpleDistributedQueue: a Java
// program may sit at either end.
//
// Two consumers may both see the same first item. Both try to remove its znode: the server lets one
// of them, the other gets kNoNode and takes the next. So each item is handed out once. (Not quite:
// a consumer that dies between the removal and its work takes the item along. drover::Queue with a
// lock path keeps items until they were worked on.)
//
// Items of one producer come out in the order in which they went in. That is why `put` awaits each
// answer; with several producers, the server's numbers say what came first.

#include <drover/recipes/simple_queue.h>

#include <utility>

#include "support/program.h"

namespace {

using boost::asio::awaitable;

awaitable<void> put(drover::SimpleQueue queue, std::int64_t count, std::int64_t first) {
  for (auto number = first; number < first + count; ++number) {
    const std::string item = std::to_string(number);
    // If the connection goes before the answer comes, the item may be in the queue or not, and
    // nobody knows. A second one might be one too many: better to stop, with an error.
    drover::value_or_throw(co_await queue.offer(drover::as_bytes(item)));
    example::print("put ", item);
  }
}

awaitable<void> get(drover::SimpleQueue queue) {
  for (;;) {
    const auto item = drover::value_or_throw(co_await queue.take());
    example::print("got ", drover::as_text(item));
  }
}

awaitable<void> run(drover::Client client, const example::Arguments& arguments) {
  const auto& words = arguments.words;
  drover::SimpleQueue queue(std::move(client), "/queue");
  if (words[0] == "get") return get(std::move(queue));
  const auto first = words.size() > 2 ? example::to_number(words[2]) : 1;
  return put(std::move(queue), *example::to_number(words[1]), *first);
}

bool accepts(const example::Arguments& arguments) {
  const auto& words = arguments.words;
  if (words.empty()) return false;
  if (words[0] == "get") return words.size() == 1;
  if (words[0] != "put" || words.size() < 2 || words.size() > 3) return false;
  return example::to_number(words[1]) && (words.size() == 2 || example::to_number(words[2]));
}

}  // namespace

int main(int argc, char** argv) {
  return example::run(argc, argv, {.usage = "fifo put N [FIRST]|get", .accepts = accepts}, run);
}
