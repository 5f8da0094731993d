// A peer's streams: who may speak, and what the packets of leader and learners mean here.

#include <algorithm>

#include "base/assert.h"
#include "replica/peer_impl.h"

namespace drover::replica {

using zab::PacketType;

namespace {

// What may be said to us before we know whether we lead; a learner's first packet is 45 bytes.
constexpr std::size_t kLobbyBytesMax = 4096;
constexpr std::size_t kLobbyLinksMax = 64;

}  // namespace

Peer::Impl::QuorumLink& Peer::Impl::new_quorum_link(bool dialled, base::Instant now) {
  auto made = std::make_unique<QuorumLink>();
  made->link.id = zab::LinkId(next_link++);
  made->link.port = zab::Port::kQuorum;
  made->link.dialled = dialled;
  made->link.up = !dialled;
  made->since = now;
  QuorumLink& link = *made;
  quorum_links.emplace(link.link.id, std::move(made));
  return link;
}

Peer::Impl::QuorumLink* Peer::Impl::quorum_link(zab::LinkId id) {
  const auto found = quorum_links.find(id);
  return found == quorum_links.end() ? nullptr : found->second.get();
}

void Peer::Impl::mark_dirty(zab::Link& link, PeerEffects& effects) {
  if (link.dirty) return;
  link.dirty = true;
  effects.dirty.push_back(&link);
}

void Peer::Impl::close_link(zab::Link& link, PeerEffects& effects) {
  link.close = true;
  mark_dirty(link, effects);
}

void Peer::Impl::close_quorum_links(PeerEffects& effects) {
  for (auto& [id, link] : quorum_links) {
    link->in_lobby = false;
    if (!link->link.close) close_link(link->link, effects);
  }
}

// ---- the lobby: a follower that has heard of the election's end before us is not turned away

void Peer::Impl::open_lobby(base::Instant now, PeerEffects& effects) {
  for (auto& [id, link] : quorum_links) {
    if (!link->in_lobby || link->link.close) continue;
    link->in_lobby = false;
    leader->on_accepted(link->link, now);
    read_packets(*link, now, effects);
    if (leader == nullptr) return;
  }
}

void Peer::Impl::clear_lobby(base::Instant now, PeerEffects& effects) {
  const auto limit = std::chrono::milliseconds(options.leader.init_limit * options.leader.tick_ms);
  for (auto& [id, link] : quorum_links) {
    if (link->in_lobby && !link->link.close && now - link->since >= limit) {
      close_link(link->link, effects);
    }
  }
}

zab::LinkId Peer::on_link_accepted(zab::Port port, base::Instant now, PeerEffects& effects) {
  Impl& impl = *impl_;
  if (port == zab::Port::kElection) return impl.election_links.on_accepted(now);
  const auto waiting = std::ranges::count_if(
      impl.quorum_links, [](const auto& entry) { return entry.second->in_lobby; });
  Impl::QuorumLink& link = impl.new_quorum_link(false, now);
  if (impl.leader != nullptr) {
    impl.leader->on_accepted(link.link, now);
  } else if (impl.phase == Impl::Phase::kLearning ||
             static_cast<std::size_t>(waiting) >= kLobbyLinksMax) {
    Impl::close_link(link.link, effects);
  } else {
    link.in_lobby = true;
  }
  return link.link.id;
}

zab::Link* Peer::link(zab::LinkId id) {
  if (auto* found = impl_->quorum_link(id)) return &found->link;
  return impl_->election_links.find(id);
}

void Peer::on_link_connected(zab::LinkId id, base::Instant now, PeerEffects& effects) {
  Impl& impl = *impl_;
  if (auto* link = impl.quorum_link(id)) {
    link->link.up = true;
    if (id == impl.leader_link && impl.learner) {
      impl.learner->on_connected(now, impl.learner_effects);
      impl.take_learner_effects(now, effects);
    }
    return;
  }
  impl.election_links.on_connected(id, now, impl.link_effects);
  impl.take_election_effects(now, effects);
}

void Peer::on_link_drained(zab::LinkId id, base::Instant now, PeerEffects& effects) {
  Impl& impl = *impl_;
  // Of the quorum's links has_tree_work() looks at the outputs itself.
  if (impl.quorum_link(id) != nullptr) return;
  impl.election_links.on_drained(id, now, impl.link_effects);
  impl.take_election_effects(now, effects);
}

void Peer::on_link_closed(zab::LinkId id, base::Instant now, PeerEffects& effects) {
  Impl& impl = *impl_;
  auto* link = impl.quorum_link(id);
  if (link == nullptr) {
    impl.election_links.on_closed(id, now, impl.link_effects);
    impl.take_election_effects(now, effects);
    return;
  }
  link->link.up = false;
  if (id == impl.leader_link && impl.learner) {
    link->input.clear();
    link->link.output.clear();
    impl.learner->on_closed(now, impl.learner_effects);
    impl.take_learner_effects(now, effects);
    if (impl.learner && impl.leader_link == id) return;  // it dials again
  } else if (impl.leader) {
    impl.give_up_stream(id);
    impl.leader->on_closed(id, now, impl.leader_effects);
    impl.take_leader_effects(now, effects);
  }
  std::erase_if(effects.dirty, [link](const zab::Link* dirty) { return dirty == &link->link; });
  impl.quorum_links.erase(id);
}

void Peer::on_link_bytes(zab::LinkId id, std::string_view bytes, base::Instant now,
                         base::WallTime wall, PeerEffects& effects) {
  Impl& impl = *impl_;
  impl.wall = std::max(impl.wall, wall);
  auto* link = impl.quorum_link(id);
  if (link == nullptr) {
    impl.election_links.on_bytes(id, bytes, now, impl.link_effects);
    impl.take_election_effects(now, effects);
    return;
  }
  if (link->link.close) return;
  link->input.append(bytes);
  impl.read_packets(*link, now, effects);
}

// ---- packets

void Peer::Impl::read_packets(QuorumLink& from, base::Instant now, PeerEffects& effects) {
  if (from.in_lobby) {
    if (from.input.size() > kLobbyBytesMax) {
      log.warn("sid={} quorum port: a stream sent {} bytes before any leader was elected, closed",
               options.self.value, from.input.size());
      close_link(from.link, effects);
    }
  } else if (leader != nullptr) {
    read_as_leader(from, now, effects);
  } else if (learner != nullptr && from.link.id == leader_link) {
    read_as_learner(from, now, effects);
  }
}

void Peer::Impl::read_as_leader(QuorumLink& from, base::Instant now, PeerEffects& effects) {
  std::string_view rest = from.input.view();
  while (!from.link.close && !rest.empty()) {
    const auto decoded = zab::decode_packet(rest, options.length_max);
    if (!decoded) {
      log.warn("sid={} quorum port: {}; the stream is closed", options.self.value,
               decoded.error().message);
      close_link(from.link, effects);
      break;
    }
    if (!*decoded) break;
    rest.remove_prefix((*decoded)->size);
    leader->on_packet(from.link, (*decoded)->packet, now, leader_effects);
  }
  const std::size_t understood = from.input.size() - rest.size();
  take_leader_effects(now, effects);
  from.input.consume(understood);
}

void Peer::Impl::read_as_learner(QuorumLink& from, base::Instant now, PeerEffects& effects) {
  if (receiving) {
    snapshot_bytes_came = true;
    learner->on_bytes_of_snapshot(now);
    return;  // do_tree_work reads it
  }
  std::string_view rest = from.input.view();
  while (!learner_effects.receive_snapshot && !learner_effects.leave && !rest.empty()) {
    const auto decoded = zab::decode_packet(rest, options.length_max);
    if (!decoded) {
      learner_effects.leave = "the leader sent what is no packet: " + decoded.error().message;
      break;
    }
    if (!*decoded) break;
    rest.remove_prefix((*decoded)->size);
    learner->on_packet((*decoded)->packet, now, learner_effects);
  }
  const std::size_t understood = from.input.size() - rest.size();
  take_learner_effects(now, effects);
  from.input.consume(understood);
}

// ---- what learners ask of a leader

void Peer::Impl::answer_learners(base::Instant now, PeerEffects& effects) {
  learner_requests.clear();
  // The leader may say more to links meanwhile, but asks nothing more of us.
  for (const auto& from : leader_effects.requests) answer_learner(from, now, effects);
  leader_effects.requests.clear();
  propose_learner_requests(now, effects);
}

void Peer::Impl::propose_learner_requests(base::Instant now, PeerEffects& effects) {
  if (!learner_requests.empty() && !stopping) {
    replica.on_learner_requests(learner_requests, wall, replica_effects);
    take_replica_effects(now, effects);
  }
  learner_requests.clear();
}

void Peer::Impl::answer_learner(const zab::LeaderEffects::FromLearner& from, base::Instant now,
                                PeerEffects& effects) {
  const wire::NullableBytes data = from.packet.data;
  switch (from.type) {
    case PacketType::kRequest: {
      const auto request = zab::ForwardedRequest::decode(data);
      if (!request) {
        log.warn("sid={} a request of sid={} is too short, left out", options.self.value,
                 from.sid.value);
        return;
      }
      if (request->op == wire::OpCode::kSync) {
        propose_learner_requests(now, effects);  // what it asked before
        leader->sync(from.link, leader_effects);
        return;
      }
      learner_requests.push_back({.link = from.link.value,
                                  .request = *request,
                                  .identities = std::make_shared<const std::vector<Id>>(
                                      from.packet.authinfo.value_or(std::vector<Id>()))});
      return;
    }
    case PacketType::kRevalidate: {
      const auto asked = zab::decode_session_timeouts(data.value_or(std::string_view()));
      if (asked.empty()) return;
      base::ByteBuffer answer;
      zab::Revalidated{.session = asked[0].session,
                       .valid = replica.on_revalidate(from.link.value, asked[0].session,
                                                      asked[0].timeout_ms, now)}
          .encode(answer);
      leader->send(from.link, PacketType::kRevalidate, from.packet.zxid, answer.view(),
                   leader_effects);
      return;
    }
    default:  // a ping's answer: who was heard from
      for (const auto& [session, timeout_ms] :
           zab::decode_session_timeouts(data.value_or(std::string_view()))) {
        replica.touch(session, timeout_ms, now);
      }
  }
}

}  // namespace drover::replica
