// barrier_queue worker VALUE|merge: nothing is taken before all partial results are there.
//
// Each worker puts its part behind the barrier; the one that merges waits until there are as many
// as the barrier's data says, and takes them all at once.
//
//     /barrier                    persistent; data: how many parts it takes, 3 at first
//     /barrier/part-<sequence>    ephemeral sequential; data: the partial result
//
// A part is ephemeral, so it counts only while its worker lives: a worker that dies before the
// barrier is full takes its part away with it, and another one has to come.

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "support/program.h"

namespace {

using boost::asio::awaitable;
using drover::ErrorCode;

constexpr std::string_view kPrefix = "part-";

// Persistent, though empty containers would clean up after themselves: the number of parts in its
// data has to stay.
awaitable<void> ensure_barrier(drover::Client client) {
  auto made = co_await client.create("/barrier", drover::as_bytes("3"));
  if (!made && made.error().code != ErrorCode::kNodeExists) drover::value_or_throw(made);
}

awaitable<std::size_t> read_threshold(drover::Client client) {
  const auto barrier = drover::value_or_throw(co_await client.get("/barrier"));
  const auto number = example::to_number(drover::as_text(barrier.data));
  if (!number) throw drover::Exception({ErrorCode::kBadArguments, "/barrier holds no number"});
  co_return static_cast<std::size_t>(*number);
}

// Names in the order of arrival. A server lists children in no order; the numbers that it gave have
// the same prefix before them and the same length, so the order of the strings is that of arrival.
awaitable<std::vector<std::string>> list_parts(drover::Client client) {
  auto names = drover::value_or_throw(co_await client.children("/barrier")).names;
  std::erase_if(names, [](const std::string& name) { return !name.starts_with(kPrefix); });
  std::ranges::sort(names);
  co_return names;
}

awaitable<void> work(drover::Client client, std::string value) {
  co_await ensure_barrier(client);
  const auto part = drover::value_or_throw(
      co_await client.create("/barrier/part-", drover::as_bytes(value),
                             {.mode = drover::CreateMode::kEphemeralSequential}));
  const auto parts = co_await list_parts(client);
  const auto threshold = co_await read_threshold(client);
  const auto mine = std::ranges::find(parts, example::name_of(part.path));
  // It may be gone by now: it was the last that was missing, and somebody has taken them all.
  const auto place = mine == parts.end() ? threshold : std::size_t(mine - parts.begin()) + 1;
  example::print("arrived ", place, "/", threshold);
  // The part is there as long as this session: stay until somebody has taken it.
  for (;;) {
    auto watched = drover::value_or_throw(co_await client.watch_exists(part.path));
    if (!watched.value) co_return;
    drover::value_or_throw(co_await watched.changed.fired());
  }
}

// The results of all parts, if there are enough: taken from the queue. Else nothing has changed.
awaitable<std::vector<std::string>> take_when_full(drover::Client client) {
  const auto threshold = co_await read_threshold(client);
  const auto parts = co_await list_parts(client);
  std::vector<std::string> results;
  if (parts.empty() || parts.size() < threshold) co_return results;
  drover::Transaction taking;
  for (const auto& name : parts) {
    const std::string path = "/barrier/" + name;
    const auto part = co_await client.get(path);
    if (!part && part.error().code == ErrorCode::kNoNode) co_return std::vector<std::string>();
    results.emplace_back(drover::as_text(drover::value_or_throw(part).data));
    taking.remove(path);
  }
  // All or none. A worker may have died since the list was read, and then there were not enough:
  // the transaction fails as a whole, and the other parts stay in the queue.
  const auto taken = co_await client.commit(taking);
  if (!taken && taken.error().code == ErrorCode::kNoNode) co_return std::vector<std::string>();
  drover::value_or_throw(taken);
  co_return results;
}

awaitable<void> merge(drover::Client client) {
  co_await ensure_barrier(client);
  // One persistent watch tells of both: parts that come and go, and another number in the data. It
  // is set before the first look, so no change falls between the two.
  auto changes = drover::value_or_throw(co_await client.watch_tree("/barrier", false));
  for (;;) {
    const auto results = co_await take_when_full(client);
    if (!results.empty()) {
      example::print("merge ", example::bracketed(results));
      co_return;
    }
    // Whatever it is: look again. An event says that something changed, never what is true now.
    drover::value_or_throw(co_await changes.next());
  }
}

awaitable<void> barrier_queue(drover::Client client, const example::Arguments& arguments) {
  if (arguments.words[0] == "merge") return merge(std::move(client));
  return work(std::move(client), arguments.words[1]);
}

bool accepts(const example::Arguments& arguments) {
  const auto& words = arguments.words;
  return (words.size() == 2 && words[0] == "worker") || (words.size() == 1 && words[0] == "merge");
}

}  // namespace

int main(int argc, char** argv) {
  return example::run(argc, argv, {.usage = "barrier_queue worker VALUE|merge", .accepts = accepts},
                      barrier_queue);
}
