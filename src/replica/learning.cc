// A learner's clients: what they ask goes to the leader, and waits here for its txn to come back.

#include <algorithm>

#include "base/assert.h"
#include "replica/replica_impl.h"
#include "txn/decodable.h"

namespace drover::replica {

using Kind = Outstanding::Kind;
using wire::OpCode;

namespace {

Outstanding waiting(Kind kind, const txn::Request& request) {
  return {.kind = kind,
          .op = request.op,
          .xid = request.xid,
          .timeout_ms = request.timeout_ms,
          .from = request.from,
          .session = request.session};
}

}  // namespace

void Replica::Impl::send_on(const txn::Request& request, std::string_view body, Effects& effects) {
  if (request.kind == txn::Request::Kind::kReattach) return ask_to_reattach(request, effects);
  if (request.op == OpCode::kCreateSession) {
    txn::Request numbered = request;
    numbered.session = next_session;
    next_session = wire::SessionId(next_session.value + 1);
    owners.move(numbered.session, numbered.from);
    return send_on_write(numbered, {}, effects);
  }
  if (request.op != OpCode::kCloseSession) {
    const auto owner = owners.find(request.session);
    if (owner && *owner != request.from) {
      return pending.push({.request = waiting(Kind::kCloseConnection, request), .bytes = {}});
    }
  }
  if (txn::is_read(request.op)) {
    Outstanding read = waiting(Kind::kRead, request);
    read.identities = request.identities;
    return pending.push({.request = read, .bytes = std::string(body)});
  }
  send_on_write(request, body, effects);
}

void Replica::Impl::send_on_write(const txn::Request& request, std::string_view body,
                                  Effects& effects) {
  const ErrorCode broken = txn::check_decodable(request.op, body, options.prepare.length_max);
  if (broken != ErrorCode::kOk) {
    Outstanding refused = waiting(
        broken == ErrorCode::kUnimplemented ? Kind::kRejectThenClose : Kind::kReject, request);
    refused.error = broken;
    return pending.push({.request = refused, .bytes = {}});
  }
  const bool sync = request.op == OpCode::kSync;
  // In its place here before it leaves, so that its txn finds it.
  pending.push({.request = waiting(sync ? Kind::kSync : Kind::kTxn, request),
                .bytes = sync ? std::string(body) : std::string()});
  effects.forwards.push_back({.session = request.session,
                              .cxid = request.xid,
                              .op = request.op,
                              .body = body,
                              .timeout_ms = request.timeout_ms,
                              .identities = request.identities});
}

// From here on the former connection is not heard: the leader takes what comes behind the question
// for the session's own, whichever connection it is of.
void Replica::Impl::ask_to_reattach(const txn::Request& request, Effects& effects) {
  if (const auto former = owners.move(request.session, request.from)) {
    pending.push_ready({.kind = Kind::kKick, .from = *former, .session = request.session});
  }
  revalidating.push_back(request);
  ++probe.revalidations;
  effects.revalidations.push_back({request.session, request.timeout_ms});
}

void Replica::on_revalidated(wire::SessionId session, bool valid, base::Instant now) {
  Impl& impl = *impl_;
  const auto asked = std::ranges::find(impl.revalidating, session, &txn::Request::session);
  if (asked == impl.revalidating.end()) return;
  Outstanding answer = waiting(Kind::kReattached, *asked);
  impl.revalidating.erase(asked);
  answer.timeout_ms = valid ? answer.timeout_ms : 0;
  if (valid) {
    impl.sessions.touch(session, now, answer.timeout_ms);
  } else if (impl.owners.find(session) == answer.from) {
    impl.owners.remove(session);
  }
  // Not behind what its former connection still waits for.
  impl.pending.push_ready(answer);
}

void Replica::on_synced(wire::Zxid after) {
  impl_->sync_releases.push_back(after);
}

void Replica::on_proposals(std::span<const zab::LearnerEffects::Txn> txns, Effects& effects) {
  Impl& impl = *impl_;
  DROVER_ASSERT(impl.mode == Impl::Mode::kLearning, "a proposal without a leader");
  if (txns.empty()) return;
  std::vector<wire::TxnBytes> unlogged;
  std::size_t at = 0;
  // Runs of the same kind: one buffer each.
  while (at < txns.size()) {
    const bool durable = txns[at].durable;
    impl.queue.begin_batch();
    for (; at < txns.size() && txns[at].durable == durable; ++at) {
      const wire::TxnBytes& txn = txns[at].txn;
      const std::size_t offset = impl.queue.batch_bytes().size();
      impl.queue.batch_bytes().append(txn.bytes);
      impl.queue.push({.kind = Kind::kTxn,
                       .has_client = false,
                       .zxid = txn.zxid,
                       .offset = static_cast<std::uint32_t>(offset),
                       .size = static_cast<std::uint32_t>(txn.bytes.size())});
      impl.proposed = txn.zxid;
    }
    impl.queue.end_batch(durable ? effects.persist : unlogged);
    if (!durable) {
      impl.persisted = impl.proposed;
      impl.queue.persisted(impl.persisted);
    }
  }
}

}  // namespace drover::replica
