#include "client_sim/lock_checker.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace drover::client_sim {

namespace {

std::string_view name_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// By which contenders are ordered.
std::string_view order_of(std::string_view name, std::string_view lock_name) {
  const auto at = name.rfind(lock_name);
  return at == std::string_view::npos ? name : name.substr(at + lock_name.size());
}

bool is_reader(std::string_view name) {
  return name.find("__READ__") != std::string_view::npos;
}

std::string text(const Hold& hold) {
  return fmt::format("{} of process {}{}", hold.node, hold.process->host(),
                     hold.is_shared ? ", shared" : "");
}

}  // namespace

// One that has lost it knows, and one that stands still, or did since it asked, cannot.
bool LockChecker::is_sure(const Hold& hold) {
  return !hold.lost.stop_requested() && !hold.process->was_frozen_since(hold.asked_at);
}

LockChecker::HoldId LockChecker::on_acquired(const Lock& lock, Hold hold, const tree::Tree* tree) {
  const HoldId id = ++last_;
  if (hold.process->is_dead()) return id;
  ++acquired_;
  if (is_sure(hold)) {
    check_alone(lock, hold);
    if (tree) check_tree(lock, hold, *tree);
  }
  holds_.emplace(id, Held{lock, std::move(hold)});
  return id;
}

void LockChecker::check_alone(const Lock& lock, const Hold& hold) {
  int others = 0;
  for (const auto& [id, held] : holds_) {
    if (held.lock.path != lock.path || !is_sure(held.hold)) continue;
    ++others;
    const bool may_share = hold.is_shared && held.hold.is_shared;
    if (may_share || (lock.holders_max > 1 && others < lock.holders_max)) continue;
    return verdict_.fail("OneHolder", fmt::format("{} while there is {}, {} at most", text(hold),
                                                  text(held.hold), lock.holders_max));
  }
}

// What this server knows may be newer than what the holder does, never older in what counts: who
// was before him is gone.
void LockChecker::check_tree(const Lock& lock, const Hold& hold, const tree::Tree& tree) {
  if (lock.lock_name.empty() || tree.find(hold.node) == tree::kNoNode) return;
  const auto own = order_of(name_of(hold.node), lock.lock_name);
  const auto parent = tree.find(lock.path);
  for (auto node = tree.first_child(parent); node != tree::kNoNode;
       node = tree.next_sibling(node)) {
    const auto name = tree.name(node);
    if (order_of(name, lock.lock_name) >= own || (hold.is_shared && is_reader(name))) continue;
    return verdict_.fail("FirstInTree",
                         fmt::format("{} holds the lock behind {}", text(hold), name));
  }
}

void LockChecker::on_killed(const Process& process) {
  std::erase_if(holds_, [&](const auto& entry) { return entry.second.hold.process == &process; });
}

bool LockChecker::write(HoldId id) {
  const auto found = holds_.find(id);
  if (found == holds_.end()) return false;
  const auto& [lock, hold] = found->second;
  std::int64_t& newest = newest_token_[lock.path];
  if (hold.fencing_token >= newest) {
    newest = hold.fencing_token;
    return true;
  }
  ++refused_;
  if (is_sure(hold)) {
    verdict_.fail("Fencing", fmt::format("{} has token 0x{:x}, and 0x{:x} was there before",
                                         text(hold), hold.fencing_token, newest));
  }
  return false;
}

}  // namespace drover::client_sim
