#pragma once
// One request of the public client on its way: what to send, when it may be sent again, who gets
// the answer.

#include <drover/detail/handler.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/time.h"
#include "client/session_machine.h"

namespace drover::client {

class Core;

// When a request whose outcome is unknown may be asked again.
enum class Repeat : std::uint8_t {
  kAlways,         // it does no harm: reads, writes without a condition
  kUnlessUnknown,  // only if it was certainly not executed
};

class Call {
 public:
  virtual ~Call() = default;
  // The end of it: an answer, or an error that is not to be tried again.
  virtual void finish(Core& core, Completion& completion) = 0;
  [[nodiscard]] virtual bool has_given_up() const = 0;

  const char* operation = "";  // for messages
  std::string path;            // as the user names it
  std::string name_space;      // to be made before, or empty
  wire::OpCode op = wire::OpCode::kPing;
  std::string body;
  std::optional<std::pair<WatchKind, std::string>> watch;  // by the server's path
  Repeat repeat = Repeat::kAlways;
  bool is_retried = true;

  int tries = 0;         // retries made
  base::Instant begun;   // the first try
  base::Instant moment;  // waiting: when it came to wait; sent: when
  bool is_overdue = false;
};

[[nodiscard]] Error call_error(const Call& call, ErrorCode code);

// `decode(core, call, completion)` makes the Result<T>.
template <typename T, typename Decode>
class TypedCall final : public Call {
 public:
  TypedCall(detail::Handler<T> handler, Decode decode)
      : handler_(std::move(handler)), decode_(std::move(decode)) {}

  void finish(Core& core, Completion& completion) override {
    handler_(decode_(core, *this, completion));
  }
  [[nodiscard]] bool has_given_up() const override { return handler_.has_given_up(); }

 private:
  detail::Handler<T> handler_;
  Decode decode_;
};

// A decode for requests whose errors are errors: `read(reader)` makes the T of a reply's record.
template <typename T, typename Read>
auto plain(Read read) {
  return [read = std::move(read)](Core&, const Call& call,
                                  const Completion& completion) mutable -> Result<T> {
    if (completion.error != ErrorCode::kOk) {
      return std::unexpected(call_error(call, completion.error));
    }
    wire::JuteReader in(completion.body);
    if constexpr (std::is_void_v<T>) {
      read(in);
      return {};
    } else {
      T value = read(in);
      if (!in.ok()) return std::unexpected(call_error(call, ErrorCode::kMarshallingError));
      return value;
    }
  };
}

template <typename T, typename Decode>
std::unique_ptr<TypedCall<T, Decode>> make_call(const char* operation, detail::Handler<T> handler,
                                                Decode decode) {
  auto call = std::make_unique<TypedCall<T, Decode>>(std::move(handler), std::move(decode));
  call->operation = operation;
  return call;
}

}  // namespace drover::client
