#pragma once
// One client's connection as its reactor keeps it: the stream, its framing, and the lane's half.

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>

#include "lane/connection.h"
#include "net/connection.h"
#include "net/frame_reader.h"

namespace drover::server {

struct Client {
  Client(boost::asio::ip::tcp::socket socket, bool keep_alive, std::int32_t frame_bytes_max)
      : net(std::move(socket), keep_alive), frames(frame_bytes_max) {}

  [[nodiscard]] bool alive() const { return lane != nullptr; }

  net::Connection net;
  net::FrameReader frames;
  lane::Connection* lane = nullptr;  // null once closed
  bool unread = false;  // the socket may hold more than was read, and no edge will tell of it
  bool ended = false;   // what it still holds is followed by its end
  bool waits_to_write = false;
  bool paused = false;  // frames are not handed in: the lane asked, or a word is being answered
  bool first_word_seen =
      false;  // the first four bytes were no four-letter word, or are being answered
  bool answering_word = false;  // takes no more input; ends with the answer
};

}  // namespace drover::server
