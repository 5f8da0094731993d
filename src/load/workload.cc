#include "load/workload.h"

#include <deque>

#include "wire/client_records.h"

namespace drover::load {

std::optional<std::uint32_t> Sweep::next(std::size_t, std::int32_t xid, base::ByteBuffer& out) {
  if (next_ == count_) return std::nullopt;
  request_.append_to(out, xid, next_);
  return next_++;
}

void Sweep::on_reply(const LoadReply& reply) {
  meter.record(reply.error, reply.now - reply.sent);
}

namespace {

class Access final : public Workload {
 public:
  Access(const WorkloadOptions& options, std::uint32_t read_percent)
      : get_(wire::OpCode::kGetData, path_watch_record(options.tree.node(0), false),
             options.tree.node(0)),
        set_(wire::OpCode::kSetData,
             set_data_record(options.tree.node(0), std::string(options.value_size, 'v')),
             options.tree.node(0)),
        nodes_(options.nodes),
        read_percent_(read_percent),
        prng_(options.seed) {}

  std::optional<std::uint32_t> next(std::size_t, std::int32_t xid, base::ByteBuffer& out) override {
    const auto index = static_cast<std::uint32_t>(prng_.below(nodes_));
    const bool reads = read_percent_ == 100 || prng_.below(100) < read_percent_;
    (reads ? get_ : set_).append_to(out, xid, index);
    return 0;
  }
  void on_reply(const LoadReply& reply) override {
    meter.record(reply.error, reply.now - reply.sent);
  }

 private:
  RequestTemplate get_;
  RequestTemplate set_;
  std::uint32_t nodes_;
  std::uint32_t read_percent_;
  base::Prng prng_;
};

class Watch final : public Workload {
 public:
  explicit Watch(const WorkloadOptions& options)
      : arm_(wire::OpCode::kGetData, path_watch_record(options.tree.node(0), true),
             options.tree.node(0)),
        set_(wire::OpCode::kSetData,
             set_data_record(options.tree.node(0), std::string(options.value_size, 'v')),
             options.tree.node(0)),
        outstanding_(options.outstanding),
        to_send_(options.sessions),
        changed_at_(options.sessions * options.outstanding) {
    for (std::uint32_t slot = 0; slot < changed_at_.size(); ++slot) {
      to_send_[slot / outstanding_].push_back({slot, Step::kArm});
    }
  }

  std::optional<std::uint32_t> next(std::size_t session, std::int32_t xid,
                                    base::ByteBuffer& out) override {
    if (to_send_[session].empty()) return std::nullopt;
    const Action action = to_send_[session].front();
    to_send_[session].pop_front();
    (action.step == Step::kArm ? arm_ : set_).append_to(out, xid, action.slot);
    return action.slot * 2 + (action.step == Step::kArm ? 0 : 1);
  }

  void on_reply(const LoadReply& reply) override {
    const std::uint32_t slot = reply.tag / 2;
    const bool armed = reply.tag % 2 == 0;
    if (reply.error != ErrorCode::kOk) {
      meter.record(reply.error, {});
      return push(slot / outstanding_, {slot, Step::kArm});
    }
    if (!armed) return;
    changed_at_[slot] = reply.now;
    push((slot / outstanding_ + 1) % to_send_.size(), {slot, Step::kChange});
  }

  void on_event(std::size_t session, std::string_view path, base::Instant now) override {
    const std::uint32_t slot = BenchTree::index_of(path);
    if (slot >= changed_at_.size()) return;
    meter.record(ErrorCode::kOk, now - changed_at_[slot]);
    push(session, {slot, Step::kArm});
  }

 private:
  enum class Step { kArm, kChange };
  struct Action {
    std::uint32_t slot;
    Step step;
  };

  void push(std::size_t session, Action action) {
    to_send_[session].push_back(action);
    woken.push_back(session);
  }

  RequestTemplate arm_;
  RequestTemplate set_;
  std::size_t outstanding_;
  std::vector<std::deque<Action>> to_send_;  // by session
  std::vector<base::Instant> changed_at_;    // by slot: when the order to change it was given
};

class Connect final : public Workload {
 public:
  std::optional<std::uint32_t> next(std::size_t, std::int32_t xid, base::ByteBuffer& out) override {
    wire::JuteWriter writer(out);
    writer.write_int(8);
    wire::RequestHeader{.xid = xid, .op = wire::OpCode::kCloseSession}.encode(writer);
    return kCloseTag;
  }
  void on_reply(const LoadReply& reply) override {
    if (reply.error != ErrorCode::kOk) ++meter.errors[reply.error];
  }
  void on_open(std::size_t, base::Instant started, base::Instant now) override {
    meter.record(ErrorCode::kOk, now - started);
  }
  [[nodiscard]] bool reconnects() const override { return true; }
};

}  // namespace

std::unique_ptr<Workload> make_access(const WorkloadOptions& options, std::uint32_t read_percent) {
  return std::make_unique<Access>(options, read_percent);
}

std::unique_ptr<Workload> make_watch(const WorkloadOptions& options) {
  return std::make_unique<Watch>(options);
}

std::unique_ptr<Workload> make_connect() {
  return std::make_unique<Connect>();
}

}  // namespace drover::load
