#include "net/readiness.h"

#include <sys/epoll.h>

#include <array>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <cstddef>

namespace drover::net {

namespace {

// More wait for the next round: what is posted to the context gets its turn in between.
constexpr std::size_t kReadyMax = 256;

int make_set() {
  const int set = ::epoll_create1(EPOLL_CLOEXEC);
  if (set < 0) {
    throw boost::system::system_error(errno, boost::system::system_category(), "epoll_create1");
  }
  return set;
}

}  // namespace

Readiness::Readiness(boost::asio::io_context& context, std::function<void(const Ready&)> on_ready,
                     std::function<void()> on_all_told)
    : set_(context, make_set()),
      on_ready_(std::move(on_ready)),
      on_all_told_(std::move(on_all_told)) {
  wait();
}

bool Readiness::add(int descriptor, std::uint64_t key) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = key;
  return ::epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void Readiness::wait() {
  set_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                  [this](boost::system::error_code aborted) {
                    if (aborted) return;
                    tell();
                    wait();
                  });
}

void Readiness::tell() {
  std::array<epoll_event, kReadyMax> events;
  const int count =
      ::epoll_wait(set_.native_handle(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    const bool ended = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    on_ready_({.key = event.data.u64,
               .readable = ended || (event.events & EPOLLIN) != 0,
               .writable = (event.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0,
               .ended = ended});
  }
  if (count > 0) on_all_told_();
}

}  // namespace drover::net
