#pragma once
// One queue in several, so that none grows too long to be listed: Curator's QueueSharder.
//
// ## Layout
// | znode | mode | data |
// |---|---|---|
// | `P` | container (or persistent, by the client's container_parents) | empty |
// | `P/queue-<uuid>`, each a queue | persistent | the client's default data |
// | `L/_c_<uuid>-latch-<seq>`, one for each sharder | ephemeral sequential | empty |
//
// ## Guarantees
// * A queue that has reached new_queue_threshold znodes is not preferred any more, until it is down
//   to half of them. While one has, the leader of all sharders adds a queue at each check, until
//   there are queues_max.
// * Every sharder finds the queues that others have made, at its next check.
//
// ## Does not guarantee
// * Order among items of different queues.
// * Never more than queues_max queues: sharders that start at the same moment on an empty path make
//   one each, as Curator's do.
// * A queue that was added is never removed. Someone has to take from every one of them: see the
//   allocator in the example.
//
// ## Example
//     auto allocate = [](drover::Client client, std::string path) {
//       auto queue = std::make_shared<drover::Queue>(client, path);
//       queue->consume(work, {}, [](const drover::Result<void>&) {});
//       return queue;
//     };
//     drover::QueueSharder<drover::Queue> jobs(client, "/jobs", "/jobs-leader", {}, allocate);
//     co_await jobs.start();
//     if (auto queue = jobs.queue()) co_await (*queue)->put(drover::as_bytes("clean up"));

#include <drover/client.h>
#include <drover/detail/recipe.h>

#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace drover {

struct QueueSharderPolicies {
  int new_queue_threshold = 10'000;  // znodes in one queue, at least 1
  std::chrono::milliseconds threshold_check{30'000};
  int queues_max = 10;  // at least 1
};

// What sharders of all kinds of queues share. Thread-safe.
class AnyQueueSharder {
 public:
  AnyQueueSharder(AnyQueueSharder&&) noexcept = default;
  AnyQueueSharder& operator=(AnyQueueSharder&&) = delete;

  // Finds the queues that are there, or makes the first; the checks go on in the background from
  // then on. Result<void>. Errors besides the client's: kBadArguments when the policies make no
  // sense, the leader's path is the queues' or below, or it was started before. After another
  // error it may be started again.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto start(Token&& token = Token()) {
    return detail::run_recipe<void>(make_patience(), token,
                                    [state = state_] { return start_now(state); });
  }
  // Ends the checks and closes the queues; their items stay. Does not wait.
  void close() noexcept;

  // Of all queues that are known, sorted.
  [[nodiscard]] std::vector<std::string> queue_paths() const;
  [[nodiscard]] int shard_count() const { return static_cast<int>(queue_paths().size()); }

 protected:
  // A queue of any kind.
  struct Shard {
    std::shared_ptr<void> queue;
    std::function<void()> close;
  };
  using MakeShard = std::function<Shard(const Client& client, const std::string& path)>;

  AnyQueueSharder(Client client, std::string queue_path, std::string leader_path,
                  QueueSharderPolicies policies, MakeShard make_shard);
  ~AnyQueueSharder();

  [[nodiscard]] Result<std::shared_ptr<void>> any_queue() const;

 private:
  class State;

  [[nodiscard]] std::shared_ptr<detail::Patience> make_patience() const;
  static boost::asio::awaitable<Result<void>> start_now(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

// `Q` is a kind of queue that is made of a client and a path: Queue, SimpleQueue, kazoo::Queue; any
// other with an allocator. The destructor closes.
template <typename Q>
class QueueSharder : public AnyQueueSharder {
 public:
  // Makes the queue of a new shard, on the client's executor. It must not block.
  using Allocator = std::function<std::shared_ptr<Q>(Client client, std::string path)>;

  QueueSharder(Client client, std::string queue_path, std::string leader_path,
               QueueSharderPolicies policies = {})
    requires std::constructible_from<Q, Client, std::string>
      : QueueSharder(std::move(client), std::move(queue_path), std::move(leader_path), policies,
                     [](Client of, std::string path) {
                       return std::make_shared<Q>(std::move(of), std::move(path));
                     }) {}
  QueueSharder(Client client, std::string queue_path, std::string leader_path,
               QueueSharderPolicies policies, Allocator allocate)
      : AnyQueueSharder(std::move(client), std::move(queue_path), std::move(leader_path), policies,
                        shard_maker(std::move(allocate))) {}

  // One of the queues, a preferred one if there is any: where to put. Errors: kBadArguments before
  // it was started, kClosed.
  [[nodiscard]] Result<std::shared_ptr<Q>> queue() const {
    auto queue = any_queue();
    if (!queue) return std::unexpected(std::move(queue.error()));
    return std::static_pointer_cast<Q>(std::move(*queue));
  }

 private:
  static MakeShard shard_maker(Allocator allocate) {
    return [allocate = std::move(allocate)](const Client& client, const std::string& path) {
      std::shared_ptr<Q> queue = allocate(client, path);
      std::function<void()> close = [] {};
      if constexpr (requires { queue->close(); }) close = [queue] { queue->close(); };
      return Shard{std::move(queue), std::move(close)};
    };
  }
};

}  // namespace drover
