#include "server/console_history.h"

#include <drover/result.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "server/clock.h"
#include "storage/file_names.h"
#include "storage/log_reader.h"
#include "wire/txn_records.h"

namespace drover::server {

using wire::OpCode;

namespace {

// Logs are read from the newest back until this much was seen.
constexpr std::uint64_t kBytesMax = 1u << 30;
constexpr std::size_t kDataBytesMax = 16u << 20;  // of the changes that are kept
constexpr auto kTimeMax = std::chrono::seconds(20);

std::shared_ptr<const AclList> copy_of(const std::vector<wire::AclView>& views) {
  auto acl = std::make_shared<AclList>();
  for (const wire::AclView& view : views) {
    acl->push_back(
        {view.perms, {std::string(view.scheme.value_or("")), std::string(view.id.value_or(""))}});
  }
  return acl;
}

class Historian {
 public:
  explicit Historian(const HistoryRequest& request) : request_(request) {}

  void on_entry(const storage::LogEntry& entry) {
    const wire::TxnHeader& header = entry.header;
    if (header.zxid > request_.committed || header.zxid >= request_.before) return;
    if (!history.reaches_back_to) history.reaches_back_to.emplace(header.zxid, header.time.ms);
    wire::JuteReader in(entry.txn.bytes, request_.length_max);
    wire::TxnHeader::decode(in);
    on_txn(header, header.type, in);
  }

  NodeHistory history;

 private:
  void on_txn(const wire::TxnHeader& header, OpCode type, wire::JuteReader& in) {
    switch (type) {
      case OpCode::kCreate:
      case OpCode::kCreate2:
      case OpCode::kCreateContainer:
      case OpCode::kCreateTtl: {
        const auto txn = wire::CreateTxn::decode(type, in);
        if (!in.ok() || txn.path != request_.path) return;
        take_acl(copy_of(txn.acl));
        return keep(header, "create", 0, std::string(txn.data.value_or("")));
      }
      case OpCode::kDelete:
      case OpCode::kDeleteContainer: {
        const auto txn = wire::DeleteTxn::decode(in);
        if (in.ok() && txn.path == request_.path) on_delete(header);
        return;
      }
      case OpCode::kSetData:
      case OpCode::kReconfig: {
        const auto txn = wire::SetDataTxn::decode(in);
        if (!in.ok() || txn.path != request_.path) return;
        return keep(header, "setData", txn.version, std::string(txn.data.value_or("")));
      }
      case OpCode::kSetAcl: {
        const auto txn = wire::SetAclTxn::decode(in);
        if (!in.ok() || txn.path != request_.path) return;
        take_acl(copy_of(txn.acl));
        return keep(header, "setACL", txn.version, std::nullopt);
      }
      case OpCode::kCloseSession: {
        const auto txn = wire::CloseSessionTxn::decode(in);
        if (in.ok() && std::ranges::find(txn.paths, request_.path) != txn.paths.end())
          on_delete(header);
        return;
      }
      case OpCode::kMulti: {
        const auto txn = wire::MultiTxn::decode(in);
        if (!in.ok()) return;
        for (const auto& op : txn.ops) {
          wire::JuteReader record(op.record, request_.length_max);
          if (op.type != OpCode::kMulti) on_txn(header, op.type, record);
        }
        return;
      }
      default:
        return;
    }
  }

  void on_delete(const wire::TxnHeader& header) {
    keep(header, "delete", 0, std::nullopt);
    take_acl(nullptr);
  }
  void take_acl(std::shared_ptr<const AclList> acl) {
    acl_ = std::move(acl);
    history.acl_was_told = true;
  }

  void keep(const wire::TxnHeader& header, std::string_view op, std::int32_t version,
            std::optional<std::string> data) {
    data_bytes_ += data ? data->size() : 0;
    history.changes.push_back({.zxid = header.zxid,
                               .time_ms = header.time.ms,
                               .session = header.session.value,
                               .op = op,
                               .version = version,
                               .data = std::move(data),
                               .acl = acl_});
    while (history.changes.size() > request_.limit || data_bytes_ > kDataBytesMax) {
      const NodeChange& oldest = history.changes.front();
      data_bytes_ -= oldest.data ? oldest.data->size() : 0;
      history.changes.pop_front();
      history.complete = false;
    }
  }

  const HistoryRequest& request_;
  std::shared_ptr<const AclList> acl_;
  std::size_t data_bytes_ = 0;
};

// The newest logs below `before`, oldest first, as many as may be read.
Result<std::vector<std::string>> choose(storage::Disk& disk, const HistoryRequest& request,
                                        bool& complete) {
  const auto listing = disk.list(request.log_dir);
  if (!listing) return std::unexpected(listing.error());
  const storage::FolderNames names = storage::sort_names(*listing);
  std::vector<std::string> chosen;
  std::uint64_t bytes = 0;
  for (auto log = names.logs.rbegin(); log != names.logs.rend(); ++log) {
    if (log->zxid >= request.before) continue;
    const std::string path = request.log_dir + "/" + log->name;
    const auto reader = storage::LogFileReader::open(disk, path, request.length_max);
    if (!reader) continue;  // purged just now
    bytes += reader->size();
    if (bytes > kBytesMax && !chosen.empty()) {
      complete = false;
      break;
    }
    chosen.push_back(path);
  }
  std::ranges::reverse(chosen);
  return chosen;
}

}  // namespace

Result<NodeHistory> read_history(storage::Disk& disk, const HistoryRequest& request,
                                 const std::atomic<bool>& give_up) {
  const auto late_at = SteadyClock::now() + kTimeMax;
  Historian historian(request);
  const auto files = choose(disk, request, historian.history.complete);
  if (!files) return std::unexpected(files.error());
  for (const std::string& path : *files) {
    auto reader = storage::LogFileReader::open(disk, path, request.length_max);
    if (!reader) continue;
    for (;;) {
      if (give_up.load(std::memory_order_relaxed)) return failure("the server stops");
      if (SteadyClock::now() > late_at) return failure("reading the logs takes too long");
      const auto entry = reader->next();
      if (!entry) return std::unexpected(entry.error());
      if (!*entry) break;
      historian.on_entry(**entry);
    }
  }
  return std::move(historian.history);
}

}  // namespace drover::server
