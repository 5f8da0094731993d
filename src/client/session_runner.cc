#include "client/session_runner.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "client/host_list.h"
#include "client/quorum_search.h"

namespace drover::client {

namespace asio = boost::asio;

namespace {
constexpr int kBatchesMax = 16;  // in one go
}

SessionRunner::SessionRunner(asio::any_io_executor executor, std::vector<HostPort> hosts,
                             SessionMachine::Options options, Owner owner)
    : executor_(std::move(executor)),
      environment_(Environment::of(executor_)),
      hosts_(std::move(hosts)),
      options_(options),
      owner_(std::move(owner)),
      alarm_(environment_.make_alarm(executor_)) {
  options_.host_count = hosts_.size();
  machine_ = std::make_unique<SessionMachine>(options_);
  publish_state();
}

template <typename F>
void SessionRunner::drive(F f) {
  f(*machine_, environment_.now(), effects_);
  flush();
}

void SessionRunner::start(std::weak_ptr<void> owner) {
  owner_life_ = std::move(owner);
  drive([](SessionMachine& machine, base::Instant now, SessionEffects& effects) {
    machine.start(now, effects);
  });
}

void SessionRunner::renew(const std::vector<Credential>& credentials) {
  DROVER_ASSERT(!machine_->is_connected(), "only a session that is over is renewed");
  hang_up();
  ids_before_ += std::exchange(last_id_, 0);
  options_.seed += 1;  // another order of hosts than the one that has just failed
  machine_ = std::make_unique<SessionMachine>(options_);
  const auto now = environment_.now();
  for (const auto& credential : credentials) machine_->add_auth(credential, now, effects_);
  machine_->start(now, effects_);
  flush();
}

// --- effects

void SessionRunner::publish_state() {
  state_ = machine_->state();
  session_id_ = machine_->session_id().value;
  timeout_ms_ = machine_->timeout_ms();
}

bool SessionRunner::has_effects() const {
  return effects_.disconnect || effects_.connect_to || !effects_.send.empty() ||
         !effects_.deliveries.empty();
}

void SessionRunner::flush() {
  if (is_flushing_) return;
  const auto self = shared_from_this();  // the sink may drop the last other references
  const auto owner = owner_life_.lock();
  if (!owner) return;
  is_flushing_ = true;
  bool is_more = true;
  for (int i = 0; i < kBatchesMax && is_more; ++i) {
    carry_out();
    is_more = owner_.batch_ended();
    is_more = is_more || has_effects();
  }
  is_flushing_ = false;
  arm_alarm();
  look_for_quorum();
  // Who hands in requests as fast as they are written must not keep their answers from being read.
  if (is_more) asio::post(executor_, [self] { self->flush(); });
}

void SessionRunner::carry_out() {
  if (std::exchange(effects_.disconnect, false)) hang_up();
  if (effects_.connect_to) connect(*std::exchange(effects_.connect_to, std::nullopt));
  if (!effects_.send.empty()) {
    if (connection_) connection_->write(effects_.send);
    effects_.send.clear();
  }
  publish_state();
  std::swap(deliveries_, effects_.deliveries);
  // All at once: the sink may renew the session, and these are the old one's.
  for (auto& delivery : deliveries_) {
    if (auto* completion = std::get_if<Completion>(&delivery)) completion->id += ids_before_;
  }
  for (auto& delivery : deliveries_) owner_.take(delivery);
  deliveries_.clear();
}

void SessionRunner::arm_alarm() {
  const auto deadline = machine_->next_deadline();
  if (!deadline) {
    armed_for_.reset();
    alarm_->cancel();
    return;
  }
  if (armed_for_ && *armed_for_ <= *deadline) return;
  armed_for_ = deadline;
  alarm_->set(*deadline, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->armed_for_.reset();
    self->drive([](SessionMachine& machine, base::Instant now, SessionEffects& effects) {
      machine.on_time(now, effects);
    });
  });
}

// --- the connection

void SessionRunner::connect(std::size_t host) {
  hang_up();
  current_ = hosts_[host];
  connection_ = environment_.connect(
      executor_, current_,
      {.connected =
           [weak = weak_from_this()] {
             const auto self = weak.lock();
             if (!self) return;
             self->drive([](SessionMachine& machine, base::Instant now, SessionEffects& effects) {
               machine.on_connected(now, effects);
             });
           },
       .bytes =
           [weak = weak_from_this()](std::string_view bytes) {
             const auto self = weak.lock();
             if (!self) return;
             self->drive([&](SessionMachine& machine, base::Instant now, SessionEffects& effects) {
               machine.on_bytes(bytes, now, effects);
             });
           },
       .lost =
           [weak = weak_from_this()] {
             if (const auto self = weak.lock()) self->drop_connection();
           }});
}

void SessionRunner::hang_up() {
  if (const auto connection = std::exchange(connection_, nullptr)) connection->close();
}

void SessionRunner::drop_connection() {
  if (!connection_) return;
  hang_up();
  drive([](SessionMachine& machine, base::Instant now, SessionEffects& effects) {
    machine.on_disconnected(now, effects);
  });
}

void SessionRunner::replace_hosts(std::vector<HostPort> hosts, base::Prng& prng) {
  const auto plan =
      rebalanced(hosts_, hosts, connection_ ? std::optional(current_) : std::nullopt, prng);
  hosts_ = std::move(hosts);
  options_.host_count = hosts_.size();
  machine_->replace_hosts(plan.order);
  if (plan.leaves) drop_connection();
}

void SessionRunner::look_for_quorum() {
  if (machine_->state() != SessionState::kConnectedReadOnly || is_looking_for_quorum_) return;
  is_looking_for_quorum_ = true;
  asio::co_spawn(
      executor_, find_quorum(executor_, hosts_, connection_),
      [weak = weak_from_this()](const std::exception_ptr&, const std::optional<HostPort>& found) {
        const auto self = weak.lock();
        if (!self) return;
        self->is_looking_for_quorum_ = false;
        if (found && self->machine_->state() == SessionState::kConnectedReadOnly) {
          self->move_to(*found);
        }
      });
}

void SessionRunner::move_to(const HostPort& host) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    order.insert(hosts_[i] == host ? order.begin() : order.end(), i);
  }
  machine_->replace_hosts(std::move(order));
  drop_connection();
}

// --- the owner's requests

RequestId SessionRunner::submit(Request request) {
  last_id_ = machine_->submit(std::move(request), environment_.now(), effects_);
  return ids_before_ + last_id_;
}

void SessionRunner::add_auth(Credential credential) {
  machine_->add_auth(std::move(credential), environment_.now(), effects_);
}

bool SessionRunner::forget_watches(WatcherType type, std::string_view path) {
  return machine_->forget_watches(type, path, effects_);
}

RequestId SessionRunner::close() {
  last_id_ = machine_->close(environment_.now(), effects_);
  return ids_before_ + last_id_;
}

void SessionRunner::abandon() {
  machine_->abandon(effects_);
}

}  // namespace drover::client
