#include "lane/lane.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "lane/lane_impl.h"

namespace drover::lane {
namespace {

// Requests in flight may hold this many bytes per connection and per lane before reading pauses;
// each connection may always have one request, whatever its size.
constexpr std::size_t kConnectionBytesMax = 4u << 20;
constexpr std::size_t kLaneBytesMax = 64u << 20;
// A touch may reach the replica late by a tenth of the shortest session timeout, and never more
// than this.
constexpr std::int64_t kTouchDelayMsMax = 200;

base::Instant later(base::Instant now, std::int64_t ms) {
  return now + std::chrono::milliseconds(ms);
}

}  // namespace

Lane::Impl::Impl(LaneOptions lane_options, const tree::Tree& shared_tree,
                 const txn::AuthOptions& auth_options)
    : options(std::move(lane_options)),
      tree(shared_tree),
      auth(auth_options),
      reader(tree, auth, options.length_max),
      serving(options.serving) {}

Lane::Lane(LaneOptions options, const tree::Tree& tree, const txn::AuthOptions& auth)
    : impl_(std::make_unique<Impl>(std::move(options), tree, auth)) {}
Lane::~Lane() = default;

// ---- connections

Connection& Lane::open(std::string remote_address, std::uint16_t remote_port, base::Instant now) {
  LaneConnection& connection = impl_->connections.open();
  connection.identities =
      std::make_shared<const std::vector<Id>>(std::vector<Id>{{"ip", remote_address}});
  connection.remote_address = std::move(remote_address);
  connection.remote_port = remote_port;
  impl_->sessionless.push_back({connection.id, later(now, impl_->options.sessionless_timeout_ms)});
  return connection;
}

void Lane::closed(Connection& shared) {
  auto& connection = static_cast<LaneConnection&>(shared);
  impl_->forget_requests(connection);
  impl_->watches.remove_watcher(connection.id);
  std::vector<Connection*>& dirty = impl_->dirty;
  if (connection.dirty_index < dirty.size() && dirty[connection.dirty_index] == &connection) {
    auto* last = static_cast<LaneConnection*>(dirty.back());
    dirty[connection.dirty_index] = last;
    last->dirty_index = connection.dirty_index;
    dirty.pop_back();
  }
  impl_->connections.close(connection);
  impl_->release_throttled();
}

void Lane::on_frame(Connection& connection, std::string_view payload, base::Instant now) {
  impl_->on_frame(static_cast<LaneConnection&>(connection), payload, now);
}

void Lane::Impl::on_frame(LaneConnection& connection, std::string_view payload, base::Instant now) {
  ++connection.counters.received;
  ++probe.packets_received;
  switch (connection.state) {
    case LaneConnection::State::kOpen:
      on_request(connection, payload, now);
      break;
    case LaneConnection::State::kNew:
      on_connect(connection, payload, now);
      break;
    case LaneConnection::State::kConnecting:
      DROVER_ASSERT(false, "a frame was handed in although reading is paused");
    case LaneConnection::State::kFinishing:
    case LaneConnection::State::kClosed:
      break;
  }
}

void Lane::Impl::forget_requests(LaneConnection& connection) {
  probe.outstanding -= static_cast<std::int64_t>(connection.fifo.size());
  in_flight_bytes -= connection.fifo.bytes();
  watch_wishes -= std::exchange(connection.watch_wishes, 0);
  connection.outstanding = 0;
  connection.fifo.clear();
}

void Lane::Impl::close_now(LaneConnection& connection) {
  if (connection.state == LaneConnection::State::kClosed) return;
  connection.state = LaneConnection::State::kClosed;
  connection.close_now = true;
  forget_requests(connection);
  watches.remove_watcher(connection.id);
  mark_dirty(connection);
}

void Lane::Impl::close_after_output(LaneConnection& connection) {
  if (connection.state == LaneConnection::State::kClosed) return;
  connection.state = LaneConnection::State::kClosed;
  connection.close_when_flushed = true;
  forget_requests(connection);
  watches.remove_watcher(connection.id);
  mark_dirty(connection);
}

// Works whether the caller of dirty() swapped the list away or cleared it.
void Lane::Impl::mark_dirty(LaneConnection& connection) {
  if (connection.dirty_index < dirty.size() && dirty[connection.dirty_index] == &connection) return;
  connection.dirty_index = static_cast<std::uint32_t>(dirty.size());
  dirty.push_back(&connection);
}

void Lane::Impl::wrote(LaneConnection& connection) {
  if (connection.output.size() > options.output_bytes_pause) [[unlikely]] {
    pause(connection, Pause::kOutput);
  }
  mark_dirty(connection);
}

// A single answer may be of any size; what is bounded is how much more is put behind it.
bool Lane::Impl::has_room(LaneConnection& connection) {
  if (connection.output.size() <= options.output_bytes_max) [[likely]]
    return true;
  close_now(connection);
  return false;
}

void Lane::on_flushed(Connection& shared) {
  auto& connection = static_cast<LaneConnection&>(shared);
  if (connection.output.size() <= impl_->options.output_bytes_pause) {
    impl_->resume(connection, Pause::kOutput);
  }
}

// ---- limits

void Lane::Impl::pause(LaneConnection& connection, Pause reason) {
  connection.pauses |= static_cast<std::uint8_t>(reason);
  if (connection.reading_paused) return;
  connection.reading_paused = true;
  mark_dirty(connection);
}

void Lane::Impl::resume(LaneConnection& connection, Pause reason) {
  connection.pauses &= static_cast<std::uint8_t>(~static_cast<std::uint8_t>(reason));
  if (connection.pauses != 0 || !connection.reading_paused) return;
  connection.reading_paused = false;
  mark_dirty(connection);
}

// ZooKeeper's rule (globalOutstandingLimit), to which we add bytes: a client of large writes
// reaches these first.
bool Lane::Impl::over_limit(const LaneConnection& connection) const {
  if (connection.fifo.empty()) return false;
  return probe.outstanding > options.outstanding_requests_max ||
         connection.fifo.bytes() > kConnectionBytesMax || in_flight_bytes > kLaneBytesMax;
}

void Lane::Impl::throttle(LaneConnection& connection) {
  if (!over_limit(connection)) return;
  pause(connection, Pause::kOutstanding);
  if (connection.in_throttled_list) return;
  connection.in_throttled_list = true;
  throttled.push_back(connection.id);
}

void Lane::Impl::release_throttled() {
  std::erase_if(throttled, [this](std::uint64_t id) {
    LaneConnection* connection = connections.find(id);
    if (connection == nullptr) return true;
    if (over_limit(*connection)) return false;
    connection->in_throttled_list = false;
    resume(*connection, Pause::kOutstanding);
    return true;
  });
}

// ---- touches and time

// Once per session until the next flush, with the time of the latest.
void Lane::Impl::touch(LaneConnection& connection, base::Instant now) {
  const std::uint32_t at = connection.touch_index;
  if (at < touches.size() && touches[at].session == connection.session) {
    touches[at].at = now;
    return;
  }
  if (touches.empty()) {
    const std::int64_t delay_ms =
        std::clamp<std::int64_t>(options.session_timeout_ms_min / 10, 1, kTouchDelayMsMax);
    touches_due = later(now, delay_ms);
  }
  connection.touch_index = static_cast<std::uint32_t>(touches.size());
  touches.push_back({connection.session, now});
}

void Lane::Impl::flush_touches() {
  if (outbox.touches.empty()) {
    outbox.touches.swap(touches);
  } else {
    outbox.touches.insert(outbox.touches.end(), touches.begin(), touches.end());
  }
  touches.clear();
}

void Lane::Impl::close_sessionless(base::Instant now) {
  while (!sessionless.empty() && sessionless.front().deadline <= now) {
    LaneConnection* connection = connections.find(sessionless.front().connection);
    if (connection != nullptr && connection->state == LaneConnection::State::kNew) {
      ++probe.sessionless_expired;
      close_now(*connection);
    }
    sessionless.pop_front();
  }
}

void Lane::on_timer(base::Instant now) {
  impl_->close_sessionless(now);
  if (!impl_->touches.empty() && impl_->touches_due <= now) impl_->flush_touches();
}

std::optional<base::Instant> Lane::next_deadline() const {
  std::deque<Impl::Sessionless>& sessionless = impl_->sessionless;
  while (!sessionless.empty()) {
    const LaneConnection* connection = impl_->connections.find(sessionless.front().connection);
    if (connection != nullptr && connection->state == LaneConnection::State::kNew) break;
    sessionless.pop_front();
  }
  std::optional<base::Instant> deadline;
  if (!sessionless.empty()) deadline = sessionless.front().deadline;
  if (!impl_->touches.empty() && (!deadline || impl_->touches_due < *deadline)) {
    deadline = impl_->touches_due;
  }
  return deadline;
}

// A batch that has to travel anyway takes the touches along.
txn::RequestBatch& Lane::outbox() {
  if (!impl_->outbox.requests.empty() && !impl_->touches.empty()) impl_->flush_touches();
  impl_->outbox.term = impl_->term;  // the host may have put another batch in its place
  return impl_->outbox;
}

std::vector<Connection*>& Lane::dirty() {
  return impl_->dirty;
}

const watch::WatchTable& Lane::watches() const {
  return impl_->watches;
}

bool Lane::wants_changes() const {
  return !impl_->watches.empty() || impl_->watch_wishes > 0;
}

const Connection* Lane::find(std::uint64_t id) const {
  return impl_->connections.find(id);
}

HotSampler& Lane::hot() {
  return impl_->hot;
}

LaneProbe& Lane::probe() {
  return impl_->probe;
}

}  // namespace drover::lane
