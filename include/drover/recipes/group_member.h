#pragma once
// Membership of a group; Curator's GroupMember, on the same znodes.
//
// ## Layout
//
// | Znode             | Mode      | Data        |
// | ----------------- | --------- | ----------- |
// | `path/<member>`   | ephemeral | the payload |
//
// Missing parents are created as containers.
//
// ## Guarantees
//
// - The member's znode is kept up as a PersistentNode is.
// - members() follows the group: after the last change, and with a connection, it comes to equal
//   the server's. The own member is always in it.
//
// ## Does not guarantee
//
// - That a member in the list is alive: it is there until its session expires.
// - That members() of two processes are the same at a moment.
//
// ## Example
//
//     drover::GroupMember member(client, "/app/group", "host-1", drover::to_bytes("10.0.0.1"));
//     member.start(drover::block);
//     for (const auto& [id, payload] : member.members()) talk_to(id, payload);

#include <drover/cache.h>
#include <drover/recipes/persistent_node.h>

#include <map>
#include <string>
#include <tuple>

namespace drover {

// Thread-safe. Dropping it leaves the group.
class GroupMember {
 public:
  // Default payload: the client's default data.
  GroupMember(const Client& client, std::string path, std::string member_id);
  GroupMember(const Client& client, std::string path, std::string member_id, Bytes payload);

  // Joins, in the background, and reads who is there. Result<void>: members() is complete. A
  // second call waits for the same.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto start(Token&& token = Token()) {
    std::ignore = node_.start();  // a second time changes nothing
    return cache_.start(std::forward<Token>(token));
  }
  // Leaves, and waits until that is done. Result<void>.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto close(Token&& token = Token()) {
    cache_.close();
    return node_.close(std::forward<Token>(token));
  }
  // What the others see of this member, from now on. Result<void>.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto set_payload(Bytes payload, Token&& token = Token()) {
    return node_.set(std::move(payload), std::forward<Token>(token));
  }
  // Waits until the own znode is there. As PersistentNode::wait_created.
  template <CompletionTokenFor<std::string> Token = detail::DefaultToken>
  [[nodiscard]] auto wait_joined(std::chrono::milliseconds at_most = kForever,
                                 Token&& token = Token()) {
    return node_.wait_created(at_most, std::forward<Token>(token));
  }

  // Payloads by member.
  [[nodiscard]] std::map<std::string, Bytes> members() const;
  // Changes of the group; the events of its znode itself are among them.
  [[nodiscard]] Stream<CacheEvent> changes() { return cache_.events(); }
  [[nodiscard]] const std::string& id() const noexcept { return id_; }

 private:
  std::string path_;
  std::string id_;
  PersistentNode node_;
  Cache cache_;
};

}  // namespace drover
