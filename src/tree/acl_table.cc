#include "tree/acl_table.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <string_view>

namespace drover::tree {

bool is_open_acl(const AclList& acl) {
  return acl.size() == 1 && acl[0].perms == perms::kAll && acl[0].id.scheme == "world" &&
         acl[0].id.id == "anyone";
}

std::size_t AclTable::Hash::operator()(const AclList* acl) const {
  std::size_t hash = acl->size();
  const auto mix = [&hash](std::size_t value) { hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL; };
  for (const Acl& entry : *acl) {
    mix(static_cast<std::size_t>(entry.perms));
    mix(std::hash<std::string_view>{}(entry.id.scheme));
    mix(std::hash<std::string_view>{}(entry.id.id));
  }
  return hash;
}

AclTable::AclTable() {
  clear();
}

AclTable::Index AclTable::add(AclKey key, std::shared_ptr<const AclList> list) {
  Index index = 0;
  if (free_.empty()) {
    index = static_cast<Index>(entries_.size());
    entries_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  entries_[index] = Entry{key, std::move(list), 0, true};
  by_key_.emplace(key, index);
  // Two keys of a snapshot may name equal lists; the first serves new znodes.
  if (entries_[index].list) by_list_.emplace(entries_[index].list.get(), index);
  if (key < std::numeric_limits<AclKey>::max()) next_key_ = std::max(next_key_, key + 1);
  return index;
}

// Counts on from the highest; a snapshot may name the highest there is.
AclKey AclTable::free_key() {
  while (by_key_.contains(next_key_)) {
    next_key_ = next_key_ == std::numeric_limits<AclKey>::max() ? 1 : next_key_ + 1;
  }
  return next_key_;
}

void AclTable::drop(Index index) {
  Entry& entry = entries_[index];
  by_key_.erase(entry.key);
  if (entry.list) {
    const auto it = by_list_.find(entry.list.get());
    if (it != by_list_.end() && it->second == index) by_list_.erase(it);
  }
  entry = Entry{};
  free_.push_back(index);
}

AclTable::Index AclTable::acquire(const AclList* acl) {
  if (acl == nullptr || is_open_acl(*acl)) return kOpen;
  const auto it = by_list_.find(acl);
  const Index index =
      it != by_list_.end() ? it->second : add(free_key(), std::make_shared<const AclList>(*acl));
  ++entries_[index].uses;
  return index;
}

AclTable::Index AclTable::acquire_key(AclKey key) {
  if (key == kOpenAcl) return kOpen;
  const auto it = by_key_.find(key);
  const Index index = it != by_key_.end() ? it->second : add(key, nullptr);
  ++entries_[index].uses;
  return index;
}

void AclTable::release(Index index) {
  if (index != kOpen && --entries_[index].uses == 0) drop(index);
}

void AclTable::load(AclKey key, AclList acl) {
  if (key < 1 || by_key_.contains(key)) return;
  add(key, std::make_shared<const AclList>(std::move(acl)));
}

void AclTable::drop_unused() {
  for (Index i = 1; i < entries_.size(); ++i) {
    if (entries_[i].live && entries_[i].uses == 0) drop(i);
  }
}

void AclTable::clear() {
  entries_.clear();
  entries_.emplace_back();
  free_.clear();
  by_list_.clear();
  by_key_.clear();
  next_key_ = 1;
}

std::shared_ptr<const AclList> AclTable::list(AclKey key) const {
  const auto it = by_key_.find(key);
  return it == by_key_.end() ? nullptr : entries_[it->second].list;
}

std::vector<std::pair<AclKey, std::shared_ptr<const AclList>>> AclTable::in_use() const {
  std::vector<std::pair<AclKey, std::shared_ptr<const AclList>>> result;
  for (const Entry& entry : entries_) {
    if (entry.uses > 0 && entry.list) result.emplace_back(entry.key, entry.list);
  }
  std::sort(result.begin(), result.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return result;
}

}  // namespace drover::tree
