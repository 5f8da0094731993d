#pragma once
// Tells which of many descriptors became ready. Each is registered with the kernel once and for
// all, edge-triggered, so that a request costs a recv and a send and nothing to wait for the next
// one; Asio, which has one wait of its own for each time that a descriptor is waited for, sees only
// the one descriptor that stands for all.
//
// Threads: those of its io_context, one at a time. The context may be told to stop at any time.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>

namespace drover::net {

struct Ready {
  std::uint64_t key = 0;  // as add() was told
  bool readable = false;  // bytes, or an end
  bool writable = false;
  bool ended = false;  // the peer ended its sending side, or the stream broke: no edge after this
};

class Readiness {
 public:
  // Throws what the io_context itself would when the process is out of descriptors.
  // `on_ready` is called once for each descriptor that became ready, `on_all_told` after the last
  // of one wake-up. Either may add and close descriptors; one that was closed may still be told of.
  Readiness(boost::asio::io_context& context, std::function<void(const Ready&)> on_ready,
            std::function<void()> on_all_told);

  // Tells of what is there already, then of every change: bytes arrived behind a read that found
  // less than it had room for, room in the socket after a write that would have blocked. Ends when
  // the descriptor is closed. False: the kernel refused (out of memory, or of watches).
  [[nodiscard]] bool add(int descriptor, std::uint64_t key);

 private:
  void wait();
  void tell();

  boost::asio::posix::stream_descriptor set_;
  std::function<void(const Ready&)> on_ready_;
  std::function<void()> on_all_told_;
};

}  // namespace drover::net
