#include "replica/pending_requests.h"

#include <algorithm>

namespace drover::replica {

using Kind = Outstanding::Kind;

namespace {

bool waits(const PendingRequests::Entry& entry) {
  if (entry.request.kind == Kind::kTxn) return true;
  return entry.request.kind == Kind::kSync && !entry.released;
}

}  // namespace

void PendingRequests::push(Entry entry) {
  ++size_;
  if (entry.request.kind == Kind::kSync) syncs_.push_back(entry.request.session);
  const wire::SessionId session = entry.request.session;
  const auto found = sessions_.find(session);
  if (found == sessions_.end() && !waits(entry)) {
    ready_.push_back(std::move(entry));
    return;
  }
  sessions_[session].push_back(std::move(entry));
}

void PendingRequests::push_ready(Outstanding request) {
  ++size_;
  ready_.push_back({.request = std::move(request), .bytes = {}});
}

std::optional<Outstanding> PendingRequests::take(wire::SessionId session, std::int32_t cxid) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return std::nullopt;
  const Outstanding& front = found->second.front().request;
  if (front.kind != Kind::kTxn || front.xid != cxid) return std::nullopt;
  Outstanding request = front;
  --size_;
  found->second.pop_front();
  advance(found->second);
  if (found->second.empty()) sessions_.erase(found);
  return request;
}

void PendingRequests::release_sync() {
  if (syncs_.empty()) return;
  const wire::SessionId session = syncs_.front();
  syncs_.pop_front();
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  const auto sync = std::ranges::find_if(found->second, [](const Entry& entry) {
    return entry.request.kind == Kind::kSync && !entry.released;
  });
  if (sync != found->second.end()) sync->released = true;
  advance(found->second);
  if (found->second.empty()) sessions_.erase(found);
}

PendingRequests::Entry PendingRequests::take_ready() {
  Entry entry = std::move(ready_.front());
  ready_.pop_front();
  --size_;
  return entry;
}

void PendingRequests::clear() {
  sessions_.clear();
  syncs_.clear();
  ready_.clear();
  size_ = 0;
}

void PendingRequests::advance(Queue& queue) {
  while (!queue.empty() && !waits(queue.front())) {
    ready_.push_back(std::move(queue.front()));
    queue.pop_front();
  }
}

}  // namespace drover::replica
