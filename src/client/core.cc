#include "client/core.h"

#include <drover/detail/timer.h>
#include <drover/error_class.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "client/flows.h"
#include "client/path.h"
#include "client/records.h"

namespace drover::client {
namespace {

using std::chrono::milliseconds;

SessionMachine::Options session_options(const ClientOptions& options, std::uint64_t seed) {
  return {.timeout_ms = static_cast<std::int32_t>(options.session_timeout.count()),
          .read_only_allowed = options.read_only,
          .shuffles_hosts = options.shuffle_hosts,
          .seed = seed,
          .frame_length_max = options.packet_bytes_max};
}

WatcherType watcher_type(WatchKind kind) {
  switch (kind) {
    case WatchKind::kData:
    case WatchKind::kExist:
      return WatcherType::kData;
    case WatchKind::kChild:
      return WatcherType::kChildren;
    case WatchKind::kPersistent:
      return WatcherType::kPersistent;
    case WatchKind::kPersistentRecursive:
      break;
  }
  return WatcherType::kPersistentRecursive;
}

// What is removed from a server together: data and exist watches are one list there.
std::pair<WatcherType, std::string> arming_key(WatchKind kind, const std::string& path) {
  return {watcher_type(kind), path};
}

// A call that nobody waits for.
detail::Handler<void> nobody() {
  class Nobody final : public detail::Receiver<void> {
    bool take(Result<void>) override { return true; }
  };
  return detail::Handler<void>(std::make_unique<Nobody>());
}

Error closed_error() {
  return {ErrorCode::kClosed, "the client is closed"};
}

}  // namespace

Error call_error(const Call& call, ErrorCode code) {
  return {.code = code,
          .message = fmt::format("{} {}: {}", call.operation, call.path, error_name(code)),
          .path = call.path};
}

Core::Core(boost::asio::any_io_executor executor, ConnectString servers, ClientOptions options)
    : executor_(std::move(executor)),
      environment_(Environment::of(executor_)),
      chroot_(std::move(servers.chroot)),
      hosts_(servers.hosts),
      options_(std::move(options)),
      agenda_(std::make_shared<Agenda>(executor_, environment_)),
      prng_(environment_.random_number()),
      states_(executor_) {
  suspect_.request_stop();
  for (const auto& auth : options_.auth) {
    credentials_.push_back({auth.scheme, std::string(as_text(auth.data))});
  }
  runner_ = std::make_shared<SessionRunner>(
      executor_, std::move(servers.hosts), session_options(options_, prng_.next()),
      SessionRunner::Owner{.take = [this](Delivery& delivery) { take(delivery); },
                           .batch_ended = [this] { return drain(); }});
}

void Core::start() {
  agenda_->guard(weak_from_this());
  boost::asio::post(executor_, [self = shared_from_this()] {
    for (const auto& credential : self->credentials_) self->runner_->add_auth(credential);
    self->runner_->start(self);
    if (self->options_.track_ensemble) self->track_ensemble();
  });
}

// --- from any thread

void Core::submit(std::unique_ptr<Call> call) {
  enqueue(std::move(call));
}

void Core::run(std::move_only_function<void()> action) {
  enqueue(std::move(action));
}

void Core::enqueue(Item item) {
  bool wakes = false;
  {
    const std::lock_guard lock(inbox_mutex_);
    inbox_.push_back(std::move(item));
    wakes = !std::exchange(is_awake_, true);
  }
  if (wakes) boost::asio::post(executor_, [self = shared_from_this()] { self->runner_->flush(); });
}

bool Core::drain() {
  {
    const std::lock_guard lock(inbox_mutex_);
    if (inbox_.empty()) {
      is_awake_ = false;
      return false;
    }
    inbox_.swap(drained_);
    is_awake_ = true;
  }
  for (auto& item : drained_) {
    if (auto* call = std::get_if<std::unique_ptr<Call>>(&item)) {
      begin(std::move(*call));
    } else {
      std::get<std::move_only_function<void()>>(item)();
    }
  }
  drained_.clear();
  return true;
}

std::stop_token Core::suspect_token() const {
  const std::lock_guard lock(suspect_mutex_);
  return suspect_.get_token();
}

Subscription Core::on_connection_state(std::function<void(ConnectionState)> changed) {
  const std::lock_guard lock(listeners_mutex_);
  const auto number = ++last_listener_;
  listeners_[number] = std::make_shared<std::function<void(ConnectionState)>>(std::move(changed));
  return Subscription([weak = weak_from_this(), number] {
    const auto self = weak.lock();
    if (!self) return;
    const std::lock_guard guard(self->listeners_mutex_);
    self->listeners_.erase(number);
  });
}

// --- calls

void Core::begin(std::unique_ptr<Call> call) {
  if (is_closing_) return fail(std::move(call), ErrorCode::kClosed);
  if (runner_->state() == SessionState::kAuthFailed) {
    return fail(std::move(call), ErrorCode::kAuthFailed);
  }
  if (!call->name_space.empty()) {
    auto& name_space = name_spaces_[call->name_space];
    if (name_space.state != NameSpace::State::kMade) {
      const auto path = call->name_space;
      name_space.waiting.push_back(std::move(call));
      if (name_space.state == NameSpace::State::kUnknown) make_name_space(path);
      return;
    }
  }
  call->moment = environment_.now();
  if (call->tries == 0) call->begun = call->moment;
  if (runner_->machine().is_connected() && waiting_.empty()) return send(std::move(call));
  waiting_.push_back(std::move(call));
  if (std::exchange(is_waiting_watched_, true)) return;
  agenda_->after(options_.connection_timeout, [this] { expire_waiting(); });
}

void Core::make_name_space(const std::string& path) {
  name_spaces_[path].state = NameSpace::State::kBeingMade;
  const auto parents = options_.container_parents ? Parents::kContainer : Parents::kPersistent;
  // The namespace is a parent of anything in it.
  boost::asio::co_spawn(
      executor_,
      make_parents_flow(shared_from_this(), {.prefix = chroot_, .name_space = ""}, path + "/x",
                        parents, std::nullopt),
      [self = shared_from_this(), path](const std::exception_ptr&, const Result<void>& made) {
        self->name_space_settled(path, made.has_value());
        self->flush();
      });
}

// If it could not be made, the calls say why in their own words, and the next one tries again.
void Core::name_space_settled(const std::string& path, bool is_made) {
  auto& name_space = name_spaces_[path];
  name_space.state = is_made ? NameSpace::State::kMade : NameSpace::State::kUnknown;
  for (auto& call : std::exchange(name_space.waiting, {})) {
    call->name_space.clear();
    begin(std::move(call));
  }
}

void Core::expire_waiting() {
  const auto now = environment_.now();
  while (!waiting_.empty() && waiting_.front()->moment + options_.connection_timeout <= now) {
    auto call = std::move(waiting_.front());
    waiting_.pop_front();
    Completion not_sent{.error = ErrorCode::kNotSent, .body = std::move(call->body)};
    not_sent.was_sent = false;
    settle(std::move(call), not_sent);
  }
  is_waiting_watched_ = !waiting_.empty();
  if (!is_waiting_watched_) return;
  agenda_->at(waiting_.front()->moment + options_.connection_timeout, [this] { expire_waiting(); });
}

void Core::send_waiting() {
  while (!waiting_.empty()) {
    auto call = std::move(waiting_.front());
    waiting_.pop_front();
    send(std::move(call));
  }
}

void Core::fail_waiting(ErrorCode error) {
  for (auto& call : std::exchange(waiting_, {})) fail(std::move(call), error);
}

void Core::fail(std::unique_ptr<Call> call, ErrorCode error) {
  Completion failed{.error = error, .body = ""};
  call->finish(*this, failed);
}

void Core::send(std::unique_ptr<Call> call) {
  if (call->has_given_up()) return;
  call->moment = environment_.now();
  if (call->watch) {
    ++arming_[arming_key(call->watch->first, call->watch->second)];
  }
  const auto id =
      runner_->submit({.op = call->op, .body = std::move(call->body), .watch = call->watch});
  DROVER_ASSERT(id == first_sent_ + sent_.size(), "requests are numbered as they are sent");
  sent_.push_back(std::move(call));
  watch_for_overdue();
}

void Core::take(Delivery& delivery) {
  if (auto* completion = std::get_if<Completion>(&delivery)) return take_completion(*completion);
  const auto& event = std::get<WatchedEvent>(delivery);
  if (event.type == EventType::kNone) return take_state(event.state);
  watches_.deliver(event);
}

void Core::take_completion(Completion& completion) {
  if (completion.id == close_id_) return finish_closing(completion.error);
  DROVER_ASSERT(completion.id >= first_sent_, "an answer to an answered request");
  auto& slot = sent_[static_cast<std::size_t>(completion.id - first_sent_)];
  auto call = std::move(slot);
  while (!sent_.empty() && !sent_.front()) {
    sent_.pop_front();
    ++first_sent_;
  }
  if (call->watch) {
    const auto key = arming_key(call->watch->first, call->watch->second);
    if (--arming_[key] == 0) arming_.erase(key);
  }
  if (completion.error == ErrorCode::kConnectionLoss && !completion.was_sent) {
    completion.error = ErrorCode::kNotSent;
  }
  if (call->is_overdue && completion.error == ErrorCode::kConnectionLoss) {
    completion.error = ErrorCode::kRequestTimeout;
  }
  if (is_closing_ && completion.error == ErrorCode::kSessionExpired) {
    completion.error = ErrorCode::kClosed;
  }
  settle(std::move(call), completion);
}

bool Core::may_repeat(const Call& call, const Completion& completion) const {
  if (!call.is_retried || is_closing_ || call.has_given_up()) return false;
  switch (error_class(completion.error)) {
    case ErrorClass::kNotApplied:
      return true;
    case ErrorClass::kOutcomeUnknown:
    case ErrorClass::kSessionDead:
      break;
    default:
      return false;
  }
  if (completion.error == ErrorCode::kAuthFailed) return false;
  return call.repeat == Repeat::kAlways;
}

// Whether the answer is final, or a pause and another try.
void Core::settle(std::unique_ptr<Call> call, Completion& completion) {
  if (completion.error == ErrorCode::kOk || !may_repeat(*call, completion)) {
    return call->finish(*this, completion);
  }
  const auto elapsed = std::chrono::duration_cast<milliseconds>(environment_.now() - call->begun);
  const auto delay = retry::next_delay(options_.retry, call->tries, elapsed, prng_.next());
  if (!delay) return call->finish(*this, completion);
  ++call->tries;
  call->is_overdue = false;
  call->body = std::move(completion.body);
  agenda_->after(*delay, [this, call = std::move(call)]() mutable {
    begin(std::move(call));
    runner_->flush();
  });
}

void Core::watch_for_overdue() {
  if (options_.request_timeout.count() == 0 || std::exchange(is_overdue_watched_, true)) return;
  agenda_->at(sent_.front()->moment + options_.request_timeout, [this] { look_for_overdue(); });
}

void Core::look_for_overdue() {
  is_overdue_watched_ = false;
  if (sent_.empty()) return;
  if (sent_.front() && sent_.front()->moment + options_.request_timeout <= environment_.now()) {
    sent_.front()->is_overdue = true;
    return runner_->drop_connection();
  }
  watch_for_overdue();
}

// --- the session

void Core::take_state(KeeperState state) {
  switch (state) {
    case KeeperState::kSyncConnected:
      return connected(has_been_connected_ ? ConnectionState::kReconnected
                                           : ConnectionState::kConnected);
    case KeeperState::kConnectedReadOnly:
      return connected(ConnectionState::kReadOnly);
    case KeeperState::kDisconnected:
      return suspended();
    case KeeperState::kExpired:
      return lost(ErrorCode::kSessionExpired);
    case KeeperState::kAuthFailed:
      return lost(ErrorCode::kAuthFailed);
    case KeeperState::kSaslAuthenticated:
    case KeeperState::kClosed:
      break;
  }
}

void Core::connected(ConnectionState state) {
  if (lost_entry_) agenda_->cancel(*std::exchange(lost_entry_, std::nullopt));
  has_been_connected_ = true;
  {
    const std::lock_guard lock(suspect_mutex_);
    suspect_ = std::stop_source();
  }
  if (std::exchange(is_new_session_, false)) {
    set_persistent_again();
  } else {
    watches_.reset_persistent();
  }
  tell(state);
  answer_connection_waiters(ErrorCode::kOk);
  send_waiting();
}

void Core::make_suspect() {
  std::stop_source suspect;
  {
    const std::lock_guard lock(suspect_mutex_);
    suspect = suspect_;
  }
  suspect.request_stop();  // calls what users have registered: not under the lock
}

void Core::suspended() {
  if (!connection_state_ || *connection_state_ == ConnectionState::kSuspended ||
      *connection_state_ == ConnectionState::kLost) {
    return;
  }
  make_suspect();
  tell(ConnectionState::kSuspended);
  count_down_to_lost();
}

void Core::count_down_to_lost() {
  if (is_closing_) return;
  const auto from =
      options_.curator_lost_timing ? environment_.now() : runner_->machine().last_confirmed();
  lost_entry_ = agenda_->at(from + negotiated_timeout() * options_.lost_percent / 100, [this] {
    lost_entry_.reset();
    // The server may have expired the session by now, and we cannot ask. Whoever relies on it must
    // not any longer; so it is not taken up again even if it should still be there.
    runner_->abandon();
    runner_->flush();
  });
}

void Core::lost(ErrorCode why) {
  if (lost_entry_) agenda_->cancel(*std::exchange(lost_entry_, std::nullopt));
  make_suspect();
  const Error error{why, "the session is over"};
  watches_.end_one_shots(error);
  if (why == ErrorCode::kAuthFailed) {
    fail_waiting(why);
    watches_.end_all(error);
    answer_connection_waiters(why);
  }
  if (has_been_connected_) tell(ConnectionState::kLost);
  // Behind what else this end has to say: the old session's requests fail first.
  if (why != ErrorCode::kAuthFailed) run([this] { renew_session(); });
}

void Core::renew_session() {
  if (is_closing_) return;
  is_new_session_ = true;
  runner_->renew(credentials_);
}

void Core::tell(ConnectionState state) {
  connection_state_ = state;
  states_.publish(state);
  std::vector<std::shared_ptr<std::function<void(ConnectionState)>>> told;
  {
    const std::lock_guard lock(listeners_mutex_);
    for (const auto& [number, listener] : listeners_) told.push_back(listener);
  }
  for (const auto& listener : told) (*listener)(state);
}

void Core::wait_connected(milliseconds at_most, detail::Handler<void> handler) {
  if (is_closing_) {
    handler(std::unexpected(closed_error()));
    return;
  }
  if (runner_->state() == SessionState::kAuthFailed) {
    handler(failure("the server refused a credential", ErrorCode::kAuthFailed));
    return;
  }
  if (runner_->machine().is_connected() && connection_state_) {
    handler({});
    return;
  }
  connection_waiters_.push_back({std::move(handler), ++last_waiter_});
  if (at_most >= std::chrono::hours(24 * 365)) return;
  agenda_->after(at_most, [this, number = last_waiter_] {
    const auto found = std::ranges::find(connection_waiters_, number, &Waiter::number);
    if (found == connection_waiters_.end()) return;
    auto late = std::move(found->handler);
    connection_waiters_.erase(found);
    late(failure("no server answered in the time given", ErrorCode::kTimedOut));
  });
}

void Core::answer_connection_waiters(ErrorCode error) {
  for (auto& waiter : std::exchange(connection_waiters_, {})) {
    if (error == ErrorCode::kOk) {
      waiter.handler({});
    } else {
      waiter.handler(failure(fmt::format("no session: {}", error_name(error)), error));
    }
  }
}

void Core::add_auth(Credential credential) {
  credentials_.push_back(credential);
  runner_->add_auth(std::move(credential));
}

void Core::replace_hosts(std::vector<HostPort> hosts) {
  if (hosts == hosts_ || hosts.empty() || is_closing_) return;
  hosts_ = hosts;
  runner_->replace_hosts(std::move(hosts), prng_);
}

void Core::track_ensemble() {
  boost::asio::co_spawn(executor_, track_ensemble_flow(shared_from_this()), boost::asio::detached);
}

// --- watches

OneShot Core::make_one_shot(WatchKind kind, const std::string& path, const std::string& prefix) {
  auto channel = std::make_shared<detail::Channel<WatchedEvent>>(
      executor_, detail::Channel<WatchedEvent>::Options{.is_sticky = true});
  watches_.add(kind, path, prefix, channel);
  channel->on_abandon([weak = weak_from_this(), kind, path, gone = channel.get()] {
    const auto self = weak.lock();
    if (!self) return;
    self->run([core = self.get(), kind, path, gone] { core->drop_watch(kind, path, gone); });
  });
  return OneShot(std::move(channel));
}

Stream<WatchedEvent> Core::make_stream(WatchKind kind, const std::string& path,
                                       const std::string& prefix) {
  auto channel = std::make_shared<detail::Channel<WatchedEvent>>(
      executor_, detail::Channel<WatchedEvent>::Options{
                     .overflow = WatchedEvent{.type = EventType::kNone,
                                              .state = KeeperState::kSyncConnected,
                                              .path = without_chroot(prefix, path)}});
  watches_.add(kind, path, prefix, channel);
  channel->on_abandon([weak = weak_from_this(), kind, path, gone = channel.get()] {
    const auto self = weak.lock();
    if (!self) return;
    self->run([core = self.get(), kind, path, gone] { core->drop_watch(kind, path, gone); });
  });
  return Stream<WatchedEvent>(std::move(channel));
}

void Core::drop_watch(WatchKind kind, const std::string& path,
                      const detail::Channel<WatchedEvent>* channel) {
  if (watches_.remove(kind, path, channel)) forget_watch(kind, path);
}

void Core::forget_watch(WatchKind kind, const std::string& path) {
  if (arming_.contains(arming_key(kind, path))) return;
  runner_->forget_watches(watcher_type(kind), path);
  if (runner_->machine().is_connected() && !is_closing_) {
    remove_from_server(watcher_type(kind), path);
  }
}

void Core::remove_from_server(WatcherType type, const std::string& path) {
  auto call = make_call<void>(
      "remove watches", nobody(),
      [type](Core& core, const Call& asked, const Completion& completion) -> Result<void> {
        const bool is_persistent =
            type == WatcherType::kPersistent || type == WatcherType::kPersistentRecursive;
        const bool is_understood = completion.error == ErrorCode::kOk ||
                                   completion.error == ErrorCode::kNoWatcher ||
                                   !completion.was_sent;
        if (is_persistent && !is_understood) core.remove_all_from_server(asked.path);
        return {};
      });
  call->path = path;
  call->op = wire::OpCode::kRemoveWatches;
  call->is_retried = false;
  const auto number = static_cast<std::int32_t>(type);
  call->body = encoded(wire::PathModeRequest{.path = path, .mode = number});
  begin(std::move(call));
}

// Servers before 3.9 cannot name persistent watches alone. While others are on the path, it stays:
// its events come to nobody.
void Core::remove_all_from_server(const std::string& path) {
  for (const auto kind : {WatchKind::kData, WatchKind::kExist, WatchKind::kChild,
                          WatchKind::kPersistent, WatchKind::kPersistentRecursive}) {
    if (watches_.contains(kind, path) || arming_.contains(arming_key(kind, path))) return;
  }
  if (runner_->machine().is_connected()) remove_from_server(WatcherType::kAny, path);
}

void Core::set_persistent_again() {
  for (const auto& [kind, path] : watches_.persistent()) {
    auto call = make_call<void>(
        "add watch", nobody(),
        [kind, path](Core& core, const Call&, const Completion& completion) -> Result<void> {
          if (completion.error != ErrorCode::kOk) return {};
          if (core.watches_.contains(kind, path)) {
            core.watches_.reset_persistent(kind, path);
          } else {
            core.forget_watch(kind, path);  // dropped while this was on its way
          }
          return {};
        });
    call->path = path;
    call->op = wire::OpCode::kAddWatch;
    const std::int32_t mode = kind == WatchKind::kPersistentRecursive ? 1 : 0;
    call->body = encoded(wire::PathModeRequest{.path = path, .mode = mode});
    call->watch = {kind, path};
    send(std::move(call));
  }
}

// --- the end

void Core::close(std::move_only_function<void(ErrorCode)> closed) {
  if (is_closed_) return closed(ErrorCode::kOk);
  closed_.push_back(std::move(closed));
  if (closing_.stop_requested()) return;
  closing_.request_stop();  // recipes end, and hand in what they still want done
  run([this] {
    is_closing_ = true;
    if (lost_entry_) agenda_->cancel(*std::exchange(lost_entry_, std::nullopt));
    fail_waiting(ErrorCode::kClosed);
    agenda_->hurry();
    close_id_ = runner_->close();
    agenda_->after(negotiated_timeout(), [this] { runner_->drop_connection(); });
  });
}

void Core::close_and_linger() {
  run([this] {
    if (is_closed_) return;
    // The wait in the executor is what keeps the core alive until the server has answered, and no
    // longer than the executor itself. What waits in the inbox must not: it is the core's own.
    const auto lingering =
        detail::Timer::start(executor_, negotiated_timeout(), [self = shared_from_this()] {});
    close([waiting = std::weak_ptr(lingering)](ErrorCode) {
      if (const auto timer = waiting.lock()) timer->cancel();
    });
  });
}

void Core::finish_closing(ErrorCode error) {
  is_closed_ = true;
  make_suspect();
  // Without a session there was nothing to close.
  const bool is_well = error == ErrorCode::kOk || error == ErrorCode::kSessionExpired ||
                       error == ErrorCode::kAuthFailed || session_id() == 0;
  answer_connection_waiters(ErrorCode::kClosed);
  watches_.end_all(closed_error());
  states_.close(closed_error());
  for (auto& closed : std::exchange(closed_, {})) closed(is_well ? ErrorCode::kOk : error);
  run([this] { agenda_->clear(); });
}

}  // namespace drover::client
