#pragma once
// The tree of znodes: what ZooKeeper calls DataTree, without watches, sessions or I/O.
//
// Threads: one writer at a time and no reader beside it; any number of readers when nobody writes.
// The server keeps that promise (design: lanes hold a slot, the writer takes all slots); the tree
// has no lock. Views and references handed out live until the next mutator call.
//
// Mutators are total: they are called with what a txn says, during live apply and during replay
// over a fuzzy snapshot, and never fail in a way that loses the tree. They answer ErrorCode as
// Apache's DataTree would (kNoNode for a missing parent, kNodeExists ...), which replay ignores.

#include <drover/acl.h>
#include <drover/error_code.h>
#include <drover/stat.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tree/ids.h"
#include "tree/node_stat.h"
#include "wire/jute_reader.h"
#include "wire/zxid.h"

namespace drover::tree {

class Tree {
 public:
  // A brand-new tree: /, /zookeeper, /zookeeper/quota, /zookeeper/config, as Apache lays them out.
  Tree();
  ~Tree();
  Tree(Tree&&) noexcept;
  Tree& operator=(Tree&&) noexcept;

  // ---- reading: no allocation, no hashing of anything but the path asked for
  // "/" and "" are the root. kNoNode when there is none.
  [[nodiscard]] NodeId find(std::string_view path) const;
  [[nodiscard]] Stat stat(NodeId node) const;  // as clients see it
  [[nodiscard]] NodeStat node_stat(NodeId node) const;
  [[nodiscard]] wire::NullableBytes data(NodeId node) const;
  [[nodiscard]] AclKey acl_key(NodeId node) const;
  // The list behind a key; shared so that an event can carry it past the node's death. Null for
  // kOpenAcl and for a key that a damaged snapshot left unknown (such a node admits everyone, as in
  // Apache).
  [[nodiscard]] std::shared_ptr<const AclList> acl(AclKey key) const;
  [[nodiscard]] std::string_view name(NodeId node) const;  // last component; empty for the root
  [[nodiscard]] NodeId parent(NodeId node) const;          // kNoNode for the root
  [[nodiscard]] NodeId first_child(NodeId node) const;     // kNoNode when childless
  [[nodiscard]] NodeId next_sibling(NodeId node) const;
  [[nodiscard]] std::int32_t num_children(NodeId node) const;
  void append_path(NodeId node, std::string& out) const;  // "/" for the root
  // Strict descendants of `node`. Walks them: time is their number.
  [[nodiscard]] std::int64_t count_descendants(NodeId node) const;
  // CRC-32 over path and data, the part of the node digest that a change of Stat leaves alone.
  [[nodiscard]] std::uint32_t content_crc(NodeId node) const;

  [[nodiscard]] std::int64_t node_count() const;             // without counting the root twice
  [[nodiscard]] std::int64_t approximate_data_size() const;  // sum of path and data lengths, bytes
  [[nodiscard]] std::int64_t ephemerals_count() const;
  [[nodiscard]] std::uint64_t digest() const;  // CRC-32 sum over all nodes outside /zookeeper/
  [[nodiscard]] wire::Zxid last_zxid() const;

  // Ephemerals of a session, in no order; empty when it has none.
  [[nodiscard]] std::vector<NodeId> ephemerals(wire::SessionId session) const;
  [[nodiscard]] std::vector<wire::SessionId> sessions_with_ephemerals() const;
  // All containers and TTL znodes, for the reaper.
  [[nodiscard]] std::vector<NodeId> containers() const;
  [[nodiscard]] std::vector<NodeId> ttl_nodes() const;

  // ---- mutators, called by txn/apply only
  struct Create {
    std::string_view path;
    wire::NullableBytes data;
    const AclList* acl = nullptr;       // already fixed up; null: open ACL
    std::int64_t ephemeral_owner = 0;   // stored form
    std::int32_t parent_cversion = -1;  // persisted form; -1: parent's plus one
    wire::Zxid zxid;
    std::int64_t time_ms = 0;
  };
  // kNoNode: parent missing. kNodeExists: replay over a fuzzy snapshot; the ACL is overwritten and
  // the parent's cversion/pzxid raised, nothing else.
  // The three that change or make a znode tell which, for the sake of who wants its Stat.
  ErrorCode create(const Create& create, NodeId* created = nullptr);
  // kNoNode: node missing (the parent's pzxid is still raised).
  ErrorCode remove(std::string_view path, wire::Zxid zxid);
  ErrorCode set_data(std::string_view path, wire::NullableBytes data, std::int32_t version,
                     wire::Zxid zxid, std::int64_t time_ms, NodeId* changed = nullptr);
  ErrorCode set_acl(std::string_view path, const AclList& acl, std::int32_t aversion,
                    NodeId* changed = nullptr);
  // Moves last_zxid() forward, never back.
  void set_last_zxid(wire::Zxid zxid);
  // The tree took the place of another one at this zxid, whatever its Stats say: who has seen
  // nothing since then has seen none of it. 0: it did not.
  void set_replaced_at(wire::Zxid zxid);
  [[nodiscard]] wire::Zxid replaced_at() const;

  [[nodiscard]] TtlChanges ttl_changes() const;

  // ---- quota: stats nodes are kept by the mutators themselves
  // The paths that have a limits znode, `most` of them at most.
  [[nodiscard]] std::vector<std::string> quota_paths(std::size_t most) const;
  // The deepest path at or above `path` that has a zookeeper_limits node; empty when none.
  [[nodiscard]] std::string_view quota_path(std::string_view path) const;

  // ---- loading a snapshot, in this order: begin_load, acls, nodes (parents first), end_load
  void begin_load();  // drops everything, the system nodes included
  void load_acl(AclKey key, AclList acl);
  // kNoNode: parent not there (a snapshot with that is corrupt).
  ErrorCode load_node(std::string_view path, wire::NullableBytes data, AclKey acl,
                      const NodeStat& stat);
  // Adds system nodes that are missing, recounts quotas, drops unused ACLs.
  void end_load();

  // ---- walking while others write between the steps (snapshots)
  // A place in a pre-order walk that stays valid across mutations: removal of the znode it stands
  // on moves it on, so node() is always one not visited yet, as long as its visit and advance() are
  // not parted by a mutation. Every znode that exists from begin to end of the walk is visited
  // once, parents before children.
  class Walk {
   public:
    explicit Walk(Tree& tree);  // stands on the root; tree must outlive it
    // Of `top` and what is below it, standing on `at`, which is among them.
    Walk(Tree& tree, NodeId top, NodeId at);
    ~Walk();
    Walk(const Walk&) = delete;
    Walk& operator=(const Walk&) = delete;
    [[nodiscard]] NodeId node() const { return node_; }  // kNoNode: done
    void advance();
    void advance_over();  // leaves out what is below node()

   private:
    friend class Tree;
    Tree& tree_;
    NodeId top_ = kRoot;
    NodeId node_ = kRoot;
  };
  // Keys and lists in use, for the snapshot's ACL table.
  [[nodiscard]] std::vector<std::pair<AclKey, std::shared_ptr<const AclList>>> acl_table() const;
  // The same lists for who looks at some of them at a time: place `at`, and null where none is in
  // use; any place from acl_places() on is behind the last. A list keeps its place.
  [[nodiscard]] std::size_t acl_places() const;
  [[nodiscard]] const AclList* acl_at(std::size_t at) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::tree
