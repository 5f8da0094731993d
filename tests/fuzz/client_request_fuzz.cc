// Every record of the client protocol, chosen by the op code that the bytes themselves begin with.
// What decodes must survive encode and decode: the second encoding equals the first.

#include <cstdlib>
#include <string>

#include "wire/client_records.h"

namespace {

using namespace drover::wire;

constexpr std::int32_t kLengthMax = 1 << 20;

// `decode` answers a record; its encodings are compared.
template <typename Decode, typename Encode>
void round_trip(std::string_view bytes, Decode decode, Encode encode) {
  JuteReader in(bytes, kLengthMax);
  const auto record = decode(in);
  if (!in.ok()) return;
  drover::base::ByteBuffer first;
  JuteWriter first_out(first);
  encode(record, first_out);
  JuteReader again(first.view(), kLengthMax);
  const auto second_record = decode(again);
  if (!again.ok()) std::abort();
  drover::base::ByteBuffer second;
  JuteWriter second_out(second);
  encode(second_record, second_out);
  if (first.view() != second.view()) std::abort();
}

template <typename Record>
void plain(std::string_view bytes) {
  round_trip(
      bytes, [](JuteReader& in) { return Record::decode(in); },
      [](const Record& record, JuteWriter& out) { record.encode(out); });
}

template <typename Record>
void flagged(std::string_view bytes, bool flag) {
  round_trip(
      bytes, [flag](JuteReader& in) { return Record::decode(in, flag); },
      [flag](const Record& record, JuteWriter& out) { record.encode(out, flag); });
}

void multi(std::string_view bytes);

void request(OpCode op, std::string_view body) {
  switch (op) {
    case OpCode::kCreate:
    case OpCode::kCreate2:
    case OpCode::kCreateContainer:
      return flagged<CreateRequest>(body, false);
    case OpCode::kCreateTtl:
      return flagged<CreateRequest>(body, true);
    case OpCode::kDelete:
    case OpCode::kCheck:
      return plain<PathVersionRequest>(body);
    case OpCode::kSetData:
      return plain<SetDataRequest>(body);
    case OpCode::kSetAcl:
      return plain<SetAclRequest>(body);
    case OpCode::kExists:
    case OpCode::kGetData:
    case OpCode::kGetChildren:
    case OpCode::kGetChildren2:
      return plain<PathWatchRequest>(body);
    case OpCode::kAddWatch:
    case OpCode::kCheckWatches:
    case OpCode::kRemoveWatches:
      return plain<PathModeRequest>(body);
    case OpCode::kAuth:
      return plain<AuthRequest>(body);
    case OpCode::kSetWatches:
      return flagged<SetWatchesRequest>(body, false);
    case OpCode::kSetWatches2:
      return flagged<SetWatchesRequest>(body, true);
    case OpCode::kMulti:
    case OpCode::kMultiRead:
      return multi(body);
    case OpCode::kNotification:
      return plain<WatcherEvent>(body);
    default:
      return plain<ReplyHeader>(body);
  }
}

// Headers one after another; each operation is decoded where it stands, as prepare does.
void multi(std::string_view bytes) {
  JuteReader in(bytes, kLengthMax);
  while (in.ok()) {
    const auto header = MultiHeader::decode(in);
    if (!in.ok() || header.done) return;
    if (header.op == OpCode::kMulti || header.op == OpCode::kMultiRead) return;
    request(header.op, in.rest());
    switch (header.op) {
      case OpCode::kCreate:
      case OpCode::kCreate2:
      case OpCode::kCreateContainer:
      case OpCode::kCreateTtl:
        CreateRequest::decode(in, header.op == OpCode::kCreateTtl);
        break;
      case OpCode::kSetData:
        SetDataRequest::decode(in);
        break;
      default:
        PathVersionRequest::decode(in);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  JuteReader in(std::string_view(reinterpret_cast<const char*>(data), size), kLengthMax);
  const auto header = RequestHeader::decode(in);
  if (in.ok()) request(header.op, in.rest());
  return 0;
}
