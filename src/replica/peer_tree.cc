// What a peer does to the tree, all of it in do_tree_work: commits, a snapshot that comes in, one
// that goes out.

#include <utility>

#include "replica/config_znode.h"
#include "replica/peer_impl.h"
#include "storage/snapshot_writer.h"

namespace drover::replica {

bool Peer::has_tree_work() const {
  const Impl& impl = *impl_;
  return !impl.notices.empty() || impl.config_to_show || impl.replica.has_committed() ||
         !impl.dead_walks.empty() || (impl.receiving && impl.snapshot_bytes_came) ||
         impl.install_wanted || impl.wants_to_stream();
}

void Peer::do_tree_work(base::Instant now, base::WallTime wall, bool watched,
                        std::span<txn::Deliveries> lanes, PeerEffects& effects) {
  using Item = txn::Deliveries::Item;
  Impl& impl = *impl_;
  impl.wall = std::max(impl.wall, wall);
  impl.dead_walks.clear();
  if (std::exchange(impl.config_to_show, false)) show_config(impl.tree, impl.options.config);
  // Before anything that clients may not see.
  for (const std::uint32_t term : impl.notices) {
    for (txn::Deliveries& lane : lanes) {
      lane.order.push_back({term > 0 ? Item::Kind::kServing : Item::Kind::kNotServing, term});
    }
  }
  impl.notices.clear();
  impl.load_snapshot(now, effects);
  impl.replica.apply_committed(now, watched && impl.serving, lanes);
  if (impl.leader) {
    // An image holds at least everything that is committed.
    if (!impl.replica.has_committed()) impl.stream_snapshots(now, effects);
    impl.take_leader_effects(now, effects);
  }
  if (impl.install_wanted && !impl.replica.has_committed()) {
    impl.install_wanted = false;
    impl.installing = true;
    // The leader sent all txns that its image may hold something of before it asked for this.
    impl.replica.image_is_whole();
    effects.install_snapshot = true;
  }
  impl.drain(now, effects);
}

// ---- a snapshot that comes in

void Peer::Impl::load_snapshot(base::Instant now, PeerEffects& effects) {
  if (!receiving || !snapshot_bytes_came) return;
  snapshot_bytes_came = false;
  QuorumLink* from = quorum_link(leader_link);
  if (from == nullptr) return;
  if (parser == nullptr) {
    log.info("sid={} receiving a snapshot as of zxid=0x{:x}", options.self.value,
             static_cast<std::uint64_t>(receiving->value));
    tree_is_foreign = true;
    restorer = std::make_unique<Restorer>(tree, sessions, log, now);
    parser =
        std::make_unique<storage::SnapshotStreamParser>(*receiving, options.length_max, *restorer);
  }
  const auto taken = parser->feed(from->input.view());
  if (!taken) {
    learner_effects.leave = "the leader's snapshot: " + taken.error().message;
    parser.reset();
    restorer.reset();
    return take_learner_effects(now, effects);
  }
  from->input.consume(*taken);
  if (!parser->done()) return;
  log.info("sid={} received a snapshot of {} znodes", options.self.value, parser->nodes());
  parser.reset();
  restorer.reset();
  const wire::Zxid zxid = *receiving;
  receiving.reset();
  tree.set_last_zxid(zxid);
  show_config(tree, options.config);
  replica.reloaded();
  replica.image_is_fuzzy();
  proposals.reset(zxid);
  learner->on_snapshot_received(now, learner_effects);
  take_learner_effects(now, effects);
  if (learner != nullptr) read_packets(*from, now, effects);
}

// ---- snapshots that go out: as fast as the streams take them, a piece at a time

bool Peer::Impl::wants_to_stream() const {
  for (const OutgoingSnapshot& snapshot : outgoing) {
    const auto found = quorum_links.find(snapshot.link);
    if (found != quorum_links.end() && !found->second->link.close &&
        found->second->link.output.size() < options.snapshot_chunk / 2) {
      return true;
    }
  }
  return false;
}

void Peer::Impl::stream_snapshots(base::Instant now, PeerEffects& effects) {
  for (std::size_t i = 0; i < outgoing.size();) {
    QuorumLink* to = quorum_link(outgoing[i].link);
    if (to == nullptr || to->link.close) {
      ++i;
      continue;
    }
    const bool done = stream(outgoing[i], to->link.output);
    mark_dirty(to->link, effects);
    if (!done) {
      ++i;
      continue;
    }
    log.info("sid={} sent a snapshot of {} znodes", options.self.value, outgoing[i].nodes);
    outgoing.erase(outgoing.begin() + static_cast<std::ptrdiff_t>(i));
    leader->on_snapshot_sent(to->link.id, now, leader_effects);
  }
}

bool Peer::Impl::stream(OutgoingSnapshot& snapshot, base::ByteBuffer& out) {
  if (snapshot.walk == nullptr) {
    std::vector<storage::SnapshotSession> listed;
    for (const auto& [id, timeout_ms] : sessions.list()) listed.push_back({id, timeout_ms});
    storage::begin_snapshot_stream(listed, tree.acl_table(), out);
    snapshot.walk = std::make_unique<tree::Tree::Walk>(tree);
  }
  std::string path;
  while (out.size() < options.snapshot_chunk && snapshot.walk->node() != tree::kNoNode) {
    const tree::NodeId node = snapshot.walk->node();
    path.clear();
    tree.append_path(node, path);
    storage::append_snapshot_node(path, tree.data(node), tree.acl_key(node), tree.node_stat(node),
                                  out);
    ++snapshot.nodes;
    snapshot.walk->advance();
  }
  if (snapshot.walk->node() != tree::kNoNode) return false;
  storage::end_snapshot_stream(out);
  snapshot.walk.reset();
  return true;
}

void Peer::Impl::give_up_stream(zab::LinkId link) {
  std::erase_if(outgoing, [&](OutgoingSnapshot& snapshot) {
    if (snapshot.link != link) return false;
    if (snapshot.walk) dead_walks.push_back(std::move(snapshot.walk));
    return true;
  });
}

void Peer::Impl::give_up_streams() {
  for (OutgoingSnapshot& snapshot : outgoing) {
    if (snapshot.walk) dead_walks.push_back(std::move(snapshot.walk));
  }
  outgoing.clear();
  parser.reset();
  restorer.reset();
}

}  // namespace drover::replica
