#include "sim/owner_checker.h"

#include <fmt/format.h>

#include "wire/txn_records.h"

namespace drover::sim {

using wire::OpCode;

namespace {
constexpr std::int32_t kLengthMax = 2097150;
}

void OwnerChecker::on_received(zab::ServerId sid, bool leads, StreamId stream,
                               std::string_view bytes) {
  std::string& input = input_[stream];
  input.append(bytes);
  std::string_view rest = input;
  while (!rest.empty()) {
    const auto decoded = zab::decode_packet(rest, kLengthMax);
    if (!decoded || !*decoded) break;
    rest.remove_prefix((*decoded)->size);
    const zab::QuorumPacket& packet = (*decoded)->packet;
    if (!leads || packet.type != zab::PacketType::kRequest) continue;
    const auto request = zab::ForwardedRequest::decode(packet.data);
    if (!request || request->op == OpCode::kSync) continue;
    const Who from{true, stream};
    if (request->op == OpCode::kCreateSession) {
      leaders_[sid].owners[request->session] = {.who = from, .claims = std::nullopt};
    } else if (request->op != OpCode::kCloseSession) {  // anyone may end a session
      on_write(leaders_[sid], from, request->session, request->cxid);
    }
  }
  input.erase(0, input.size() - rest.size());
}

void OwnerChecker::on_requests(zab::ServerId leader, const txn::RequestBatch& batch) {
  Leader& known = leaders_[leader];
  for (const txn::Request& request : batch.requests) {
    const Who from{false, std::uint64_t{request.from.lane} << 56 | request.from.connection};
    if (request.kind == txn::Request::Kind::kReattach) {
      known.owners[request.session] = {.who = std::nullopt, .claims = from};
    } else if (request.op != OpCode::kCreateSession && request.op != OpCode::kCloseSession &&
               request.op != OpCode::kSync) {
      on_write(known, from, request.session, request.xid);
    }
  }
}

// The first to speak for a session that nobody holds holds it.
void OwnerChecker::on_write(Leader& leader, const Who& from, wire::SessionId session,
                            std::int32_t cxid) {
  const auto [at, is_new] = leader.owners.try_emplace(session);
  Owner& owner = at->second;
  if (is_new || (!owner.who && owner.claims == from)) owner.who = from;
  if (owner.who && *owner.who != from) leader.foreign.emplace(session, cxid);
}

void OwnerChecker::on_revalidated(zab::ServerId leader, StreamId stream, wire::SessionId session) {
  leaders_[leader].owners[session] = {.who = Who{true, stream}, .claims = std::nullopt};
}

void OwnerChecker::on_proposed(zab::ServerId leader, const wire::TxnBytes& txn) {
  Leader& known = leaders_[leader];
  if (known.foreign.empty()) return;
  wire::JuteReader in(txn.bytes);
  const auto header = wire::TxnHeader::decode(in);
  if (known.foreign.erase({header.session, header.cxid}) == 0) return;
  if (header.type == OpCode::kError) return;
  verdict_.fail(
      "SingleOwner",
      fmt::format("sid={} proposes as zxid=0x{:x} what session 0x{:x} asked where it no "
                  "longer is",
                  leader.value, txn.zxid.value, static_cast<std::uint64_t>(header.session.value)));
}

}  // namespace drover::sim
