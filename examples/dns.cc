// dns provide SERVICE ADDR, dns resolve SERVICE: one name for several hosts.
//
//     /dns/<service>           persistent
//     /dns/<service>/<addr>    ephemeral, the address as data
//
// Each provider is an ephemeral znode: it is in the list as long as its session lives, and nobody
// has to take a dead one out. A resolver watches the list and calls one after the other, so load is
// spread and the loss of one host is not the loss of the service.
//
// The resolver goes on with the last list it has when the servers are away: who serves names must
// not be the point where everything fails.

#include <algorithm>
#include <utility>

#include "support/program.h"

namespace {

using boost::asio::awaitable;
using drover::ErrorCode;

constexpr std::chrono::milliseconds kBetweenCalls{50};

std::string directory_of(const example::Arguments& arguments) {
  return "/dns/" + arguments.words[1];
}

awaitable<void> provide(drover::Client client, const example::Arguments& arguments) {
  const std::string address = arguments.words[2];
  const std::string path = directory_of(arguments) + "/" + address;
  for (;;) {
    const auto made = co_await client.create(
        path, drover::as_bytes(address),
        {.mode = drover::CreateMode::kEphemeral, .parents = drover::Parents::kPersistent});
    if (made) break;
    if (made.error().code != ErrorCode::kNodeExists) throw drover::Exception(made.error());
    // A provider that crashed and came back at once meets the znode of its own last life, which
    // will go when that session expires: maybe just after we looked. So it has to go now.
    drover::value_or_throw(co_await client.remove(path, {.missing_ok = true}));
  }
  example::print("registered ", arguments.words[1], " ", address);
  co_await example::keep(client, path);
}

// Each in turn, in the order of the list.
class RoundRobin {
 public:
  void set(std::vector<std::string> addresses) { addresses_ = std::move(addresses); }
  void call_next() {
    if (addresses_.empty()) return;
    example::print("call ", addresses_[next_++ % addresses_.size()]);
  }

 private:
  std::vector<std::string> addresses_;
  std::size_t next_ = 0;
};

awaitable<void> resolve(drover::Client client, const example::Arguments& arguments) {
  const std::string directory = directory_of(arguments);
  RoundRobin providers;
  std::optional<std::vector<std::string>> told;
  // So that there is something to watch before the first provider comes.
  drover::value_or_throw(co_await client.ensure_path(directory));
  for (;;) {
    auto listing = co_await client.watch_children(directory);
    if (!listing) {
      if (listing.error().code == ErrorCode::kSessionExpired) continue;
      throw drover::Exception(listing.error());
    }
    std::ranges::sort(listing->value.names);
    if (told != listing->value.names) {
      told = listing->value.names;
      example::print("resolve ", arguments.words[1], " ", example::bracketed(*told));
      providers.set(*told);
    }
    // A call every now and then, until the list changes, or the session expires and the watch with
    // it: then it is read again.
    for (;;) {
      const auto event = co_await listing->changed.fired(kBetweenCalls);
      if (event || event.error().code == ErrorCode::kSessionExpired) break;
      if (event.error().code != ErrorCode::kTimedOut) throw drover::Exception(event.error());
      providers.call_next();
    }
  }
}

awaitable<void> run(drover::Client client, const example::Arguments& arguments) {
  return arguments.words[0] == "provide" ? provide(std::move(client), arguments)
                                         : resolve(std::move(client), arguments);
}

bool accepts(const example::Arguments& arguments) {
  const auto& words = arguments.words;
  if (words.empty()) return false;
  if (words[0] == "resolve") return words.size() == 2;
  return words[0] == "provide" && words.size() == 3 && words[2].find('/') == words[2].npos;
}

}  // namespace

int main(int argc, char** argv) {
  // Who resolves holds nothing that could be lost: he goes on in the next session. The provider's
  // registration is gone with its session, and its watch tells him so.
  return example::run(argc, argv,
                      {.usage = "dns provide SERVICE ADDR|resolve SERVICE",
                       .accepts = accepts,
                       .outlives_session = true},
                      run);
}
