// Election streams: one side against bytes made by hand, then whole ensembles over streams in
// memory that carry any number of bytes at a time, in any order, and break.

#include "zab/election_links.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/prng.h"
#include "wire/jute_writer.h"
#include "zab/election_test_support.h"

namespace drover::zab {
namespace {

using ::testing::ElementsAre;
using testing::ensemble_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Lines final : public base::Log {
 public:
  bool enabled(base::LogLevel level) const override { return level >= base::LogLevel::kWarn; }
  void line(base::LogLevel, std::string_view text) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

std::string first_message(int sid, const std::string& host = "") {
  base::ByteBuffer out;
  InitialMessage::encode(ServerId(sid), host.empty() ? fmt::format("host{}", sid) : host, 3888,
                         out);
  return std::string(out.view());
}

Notification notification_of(Round round) {
  return {.state = Role::kLooking,
          .vote = {ServerId(1), Zxid(5), 1, round},
          .version = 2,
          .config = "version=0"};
}

std::string frame(Round round) {
  base::ByteBuffer body;
  notification_of(round).encode(body);
  base::ByteBuffer out;
  wire::JuteWriter(out).write_string(body.view());
  return std::string(out.view());
}

std::string body(Round round) {
  return frame(round).substr(4);
}

std::string length_word(std::int32_t length) {
  base::ByteBuffer out;
  wire::JuteWriter(out).write_int(length);
  return std::string(out.view());
}

// The streams of server 3 of 5 (4 and 5 dial it, 1 and 2 are dialled by it); 6 and 7 observe.
class ElectionLinksTest : public ::testing::Test {
 protected:
  ElectionLinksTest() : links_(ServerId(3), config_, {}, next_link_, log_) {}

  void send(int to, Round round) {
    effects_.clear();
    links_.send(ServerId(to), notification_of(round), now_, effects_);
  }
  LinkId accept(std::string_view bytes) {
    effects_.clear();
    const auto link = links_.on_accepted(now_);
    links_.on_bytes(link, bytes, now_, effects_);
    return link;
  }
  void hear(LinkId link, std::string_view bytes) {
    effects_.clear();
    links_.on_bytes(link, bytes, now_, effects_);
  }
  void connect(LinkId link) {
    effects_.clear();
    links_.on_connected(link, now_, effects_);
  }
  void close(LinkId link) {
    effects_.clear();
    links_.on_closed(link, now_, effects_);
  }
  void pass_ms(std::int64_t ms) {
    effects_.clear();
    now_ = now_ + std::chrono::milliseconds(ms);
    links_.on_timer(now_, effects_);
  }
  // What the owner would write now.
  std::string take(LinkId link) {
    Link& of = *links_.find(link);
    std::string bytes(of.output.view());
    of.output.clear();
    of.dirty = false;
    effects_.clear();
    links_.on_drained(link, now_, effects_);
    return bytes;
  }
  bool wants_close(LinkId link) { return links_.find(link)->close; }
  std::vector<std::pair<int, bool>> reachable() const {
    std::vector<std::pair<int, bool>> out;
    for (const auto& change : effects_.reachable) {
      out.emplace_back(static_cast<int>(change.sid.value), change.reachable);
    }
    return out;
  }
  // The one dial of the last event.
  LinkId dialled(int to) {
    EXPECT_THAT(effects_.dials, SizeIs(1));
    if (effects_.dials.empty()) return LinkId(0);
    EXPECT_EQ(effects_.dials[0].to, ServerId(to));
    return effects_.dials[0].link;
  }
  // A stream with 1, dialled and up, on which nothing waits.
  LinkId ready_with_1() {
    send(1, 1);
    const auto link = dialled(1);
    connect(link);
    take(link);
    return link;
  }

  EnsembleConfig config_ = ensemble_of(5, 2);
  std::uint64_t next_link_ = 10;
  Lines log_;
  ElectionLinks links_;
  ElectionLinksEffects effects_;
  base::Instant now_ = base::Instant::from_ms(1000);
};

TEST_F(ElectionLinksTest, DialsASmallerSidAndKeepsTheStream) {
  send(1, 1);
  ASSERT_THAT(effects_.dials, SizeIs(1));
  EXPECT_EQ(effects_.dials[0].host, "host1");
  EXPECT_EQ(effects_.dials[0].port_number, 3888);
  EXPECT_EQ(effects_.dials[0].port, Port::kElection);
  const auto link = dialled(1);
  EXPECT_TRUE(links_.find(link)->dialled);
  EXPECT_FALSE(links_.find(link)->up);
  connect(link);
  EXPECT_TRUE(links_.find(link)->up);
  EXPECT_THAT(effects_.dirty, ElementsAre(links_.find(link)));
  EXPECT_THAT(reachable(), ElementsAre(std::pair(1, true)));
  EXPECT_EQ(take(link), first_message(3) + frame(1)) << "in one write";
  send(1, 2);
  EXPECT_THAT(effects_.dials, IsEmpty());
  EXPECT_EQ(take(link), frame(2));
  EXPECT_FALSE(wants_close(link));
}

TEST_F(ElectionLinksTest, DialsALargerSidOnlyToBeCalledBack) {
  send(5, 1);
  const auto link = dialled(5);
  connect(link);
  EXPECT_EQ(take(link), first_message(3));
  EXPECT_TRUE(wants_close(link));
  EXPECT_THAT(reachable(), IsEmpty());
  close(link);
  EXPECT_EQ(links_.find(link), nullptr);

  const auto back = accept(first_message(5));
  EXPECT_THAT(reachable(), ElementsAre(std::pair(5, true)));
  EXPECT_EQ(take(back), frame(1));
  pass_ms(60000);
  EXPECT_THAT(effects_.dials, IsEmpty());
}

TEST_F(ElectionLinksTest, ASmallerSidIsDialledBackWhereItSays) {
  const auto link = accept(first_message(2, "elsewhere"));
  EXPECT_TRUE(wants_close(link));
  ASSERT_THAT(effects_.dials, SizeIs(1));
  EXPECT_EQ(effects_.dials[0].host, "elsewhere");
  EXPECT_THAT(effects_.dirty, ElementsAre(links_.find(link)));
  const auto announced = dialled(2);
  close(announced);
  ASSERT_THAT(effects_.dials, SizeIs(1)) << "and where the configuration says, if that fails";
  EXPECT_EQ(effects_.dials[0].host, "host2");
  EXPECT_THAT(reachable(), IsEmpty());
  close(dialled(2));
  EXPECT_THAT(reachable(), ElementsAre(std::pair(2, false)));
  EXPECT_THAT(effects_.dials, IsEmpty()) << "nothing waits for it";
}

TEST_F(ElectionLinksTest, AWildcardSaysNothing) {
  accept(first_message(2, "0.0.0.0"));
  ASSERT_THAT(effects_.dials, SizeIs(1));
  EXPECT_EQ(effects_.dials[0].host, "host2");
}

TEST_F(ElectionLinksTest, OneDialAtATime) {
  send(1, 1);
  const auto link = dialled(1);
  send(1, 2);
  EXPECT_THAT(effects_.dials, IsEmpty());
  accept(first_message(1));
  EXPECT_THAT(effects_.dials, IsEmpty()) << "we are calling it already";
  links_.connect_all(now_, effects_);
  std::vector<int> to;
  for (const auto& dial : effects_.dials) to.push_back(static_cast<int>(dial.to.value));
  EXPECT_THAT(to, ElementsAre(2, 4, 5)) << "voters without a stream";
  connect(link);
  EXPECT_EQ(take(link), first_message(3) + frame(2)) << "only the newest";
}

TEST_F(ElectionLinksTest, WhoIsCalledGivesUpItsOwnCall) {
  send(5, 1);
  const auto ours = dialled(5);
  const auto theirs = accept(first_message(5));
  EXPECT_TRUE(wants_close(ours));
  EXPECT_EQ(take(theirs), frame(1));
  connect(ours);
  EXPECT_EQ(take(ours), "") << "or we would tear down the stream";
  close(ours);
  EXPECT_THAT(reachable(), IsEmpty());
  EXPECT_FALSE(wants_close(theirs));
}

TEST_F(ElectionLinksTest, ANewStreamOfALargerSidReplacesTheOld) {
  const auto first = accept(first_message(5));
  send(5, 1);
  EXPECT_EQ(take(first), frame(1));
  const auto second = accept(first_message(5));
  EXPECT_TRUE(wants_close(first));
  EXPECT_THAT(reachable(), IsEmpty());
  EXPECT_EQ(take(second), frame(1)) << "it may not have arrived";
  hear(first, frame(9));
  EXPECT_THAT(effects_.received, IsEmpty());
  close(first);
  EXPECT_THAT(reachable(), IsEmpty());
  hear(second, frame(9));
  EXPECT_THAT(effects_.received, SizeIs(1));
}

TEST_F(ElectionLinksTest, ASmallerSidThatDialsHasNoStream) {
  const auto link = ready_with_1();
  accept(first_message(1));
  EXPECT_TRUE(wants_close(link));
  const auto again = dialled(1);
  connect(again);
  EXPECT_EQ(take(again), first_message(3) + frame(1));
}

TEST_F(ElectionLinksTest, BytesMayBeCutAnywhere) {
  const std::string bytes = first_message(5) + frame(7) + frame(8);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    const auto link = accept(std::string_view(bytes).substr(0, cut));
    auto received = effects_.received;
    hear(link, std::string_view(bytes).substr(cut));
    received.insert(received.end(), effects_.received.begin(), effects_.received.end());
    ASSERT_THAT(received, SizeIs(2)) << cut;
    EXPECT_EQ(received[0].from, ServerId(5));
    EXPECT_EQ(received[0].frame, body(7));
    EXPECT_EQ(received[1].frame, body(8));
  }
  const auto link = links_.on_accepted(now_);
  std::size_t received = 0;
  for (const char byte : bytes) {
    hear(link, {&byte, 1});
    received += effects_.received.size();
  }
  EXPECT_EQ(received, 2u);
  EXPECT_THAT(log_.lines, IsEmpty());
}

TEST_F(ElectionLinksTest, FramesOfEveryLegalSize) {
  const auto link = accept(first_message(5));
  hear(link, length_word(1) + "x");
  ASSERT_THAT(effects_.received, SizeIs(1));
  EXPECT_EQ(effects_.received[0].frame, "x");
  hear(link, length_word(kNotificationFrameMax) + std::string(kNotificationFrameMax, 'y'));
  ASSERT_THAT(effects_.received, SizeIs(1));
  EXPECT_EQ(effects_.received[0].frame.size(), 524288u);
}

TEST_F(ElectionLinksTest, OtherFramesEndTheStream) {
  for (const std::int32_t length : {0, -1, INT32_MIN, kNotificationFrameMax + 1, INT32_MAX}) {
    log_.lines.clear();
    const auto link = accept(first_message(5) + frame(1) + length_word(length));
    EXPECT_THAT(effects_.received, SizeIs(1)) << "what came before counts";
    EXPECT_TRUE(wants_close(link)) << length;
    EXPECT_THAT(log_.lines,
                ElementsAre(fmt::format("sid=3 election stream {} with sid=5 closed: a frame of {} "
                                        "bytes, not of 1..524288",
                                        link.value, length)));
    EXPECT_EQ(effects_.reachable.back().reachable, false);
    hear(link, frame(2));
    EXPECT_THAT(effects_.received, IsEmpty());
    close(link);
  }
}

TEST_F(ElectionLinksTest, FirstMessagesOfNoUseEndTheStream) {
  const auto refused = [&](std::string_view bytes, const std::string& why) {
    log_.lines.clear();
    const auto link = accept(bytes);
    EXPECT_TRUE(wants_close(link)) << why;
    EXPECT_THAT(effects_.dials, IsEmpty());
    EXPECT_THAT(effects_.reachable, IsEmpty());
    EXPECT_THAT(log_.lines,
                ElementsAre(fmt::format("sid=3 election stream {} of an unknown peer closed: {}",
                                        link.value, why)));
    hear(link, frame(1));
    EXPECT_THAT(effects_.received, IsEmpty());
    close(link);
  };
  refused(first_message(3), "it says to be sid 3, as we are");
  refused(first_message(8), "sid 8 is in no configuration");
  refused(first_message(-5), "sid -5 is in no configuration");
  refused("\x7f\xff\xff\xff\xff\xff\xff\xff", "an observer without a sid");
  refused("\xff\xff\xff\xff\xff\xff\xff\xff", "unknown version -1 of the first message");
  refused(
      "\xff"
      "GET / HTTP/1.1",
      "unknown version -51996643071942584 of the first message");
  refused("GET / HTTP/1.1", "sid 5135603447292250196 is in no configuration");
  refused(first_message(5).substr(0, 16) + length_word(2049),
          "sid 5 sends an address of 2049 bytes, not of 1..2048");
}

TEST_F(ElectionLinksTest, HalfAFirstMessageEndsInTime) {
  const auto link = accept(first_message(5).substr(0, 29));
  const auto silent = accept("");
  EXPECT_EQ(links_.next_deadline(), now_ + std::chrono::milliseconds(10000));
  pass_ms(9999);
  EXPECT_THAT(effects_.dirty, IsEmpty());
  pass_ms(1);
  EXPECT_THAT(effects_.dirty, ElementsAre(links_.find(link), links_.find(silent)));
  EXPECT_TRUE(wants_close(link));
  EXPECT_THAT(log_.lines,
              ElementsAre(HasSubstr("no first message within 10000 ms"), HasSubstr("10000 ms")));
  EXPECT_EQ(links_.next_deadline(), std::nullopt);
}

TEST_F(ElectionLinksTest, AnEstablishedStreamMayBeSilentForEver) {
  const auto link = accept(first_message(5));
  EXPECT_EQ(links_.next_deadline(), std::nullopt);
  pass_ms(1'000'000'000);
  EXPECT_FALSE(wants_close(link));
}

TEST_F(ElectionLinksTest, ADialThatTakesTooLongHasFailed) {
  send(1, 1);
  const auto link = dialled(1);
  EXPECT_EQ(links_.next_deadline(), now_ + std::chrono::milliseconds(5000));
  pass_ms(5000);
  EXPECT_TRUE(wants_close(link));
  EXPECT_THAT(reachable(), ElementsAre(std::pair(1, false)));
  connect(link);
  EXPECT_THAT(reachable(), IsEmpty()) << "too late";
  close(link);
  EXPECT_THAT(effects_.dials, IsEmpty());
  pass_ms(100);
  dialled(1);
}

TEST_F(ElectionLinksTest, RedialsMoreAndMoreRarelyWhileSomethingWaits) {
  send(1, 1);
  close(dialled(1));
  EXPECT_THAT(reachable(), ElementsAre(std::pair(1, false)));
  for (const std::int64_t ms : {100, 200, 400, 800, 1600, 3200, 5000, 5000}) {
    send(1, ms);
    EXPECT_THAT(effects_.dials, IsEmpty()) << "not more often because of more to say";
    EXPECT_EQ(links_.next_deadline(), now_ + std::chrono::milliseconds(ms));
    pass_ms(ms);
    close(dialled(1));
    EXPECT_THAT(reachable(), IsEmpty()) << "told once";
  }
  pass_ms(5000);
  const auto link = dialled(1);
  connect(link);
  EXPECT_THAT(reachable(), ElementsAre(std::pair(1, true)));
  EXPECT_EQ(take(link), first_message(3) + frame(5000));
}

TEST_F(ElectionLinksTest, AVoterWhoseStreamBrokeIsDialledAgain) {
  const auto link = ready_with_1();
  close(link);
  EXPECT_THAT(reachable(), ElementsAre(std::pair(1, false)));
  pass_ms(100);
  const auto again = dialled(1);
  connect(again);
  EXPECT_EQ(take(again), first_message(3) + frame(1)) << "it may not have arrived";
}

TEST_F(ElectionLinksTest, AnObserverIsOnlyAnswered) {
  const auto link = accept(first_message(7));
  send(7, 1);
  EXPECT_EQ(take(link), frame(1));
  close(link);
  EXPECT_EQ(links_.next_deadline(), std::nullopt);
  send(7, 2);
  close(dialled(7));
  EXPECT_EQ(links_.next_deadline(), std::nullopt);
}

TEST_F(ElectionLinksTest, WhoDoesNotReadGetsTheNewestAlone) {
  const auto link = ready_with_1();
  for (Round round = 2; round < 1000; ++round) send(1, round);
  EXPECT_EQ(take(link), frame(2)) << "was on its way";
  EXPECT_EQ(take(link), frame(999));
  EXPECT_EQ(take(link), "");
}

TEST_F(ElectionLinksTest, StrangersGetNothing) {
  send(8, 1);
  send(3, 1);
  EXPECT_THAT(effects_.dials, IsEmpty());
  EXPECT_EQ(links_.next_deadline(), std::nullopt);
  EXPECT_EQ(links_.find(LinkId(4711)), nullptr);
  hear(LinkId(4711), "x");
  connect(LinkId(4711));
  close(LinkId(4711));
}

// ---- ensembles over streams in memory

class StreamWorld {
 public:
  StreamWorld(int servers, std::uint64_t seed) : config_(ensemble_of(servers)), prng_(seed) {
    for (int sid = 1; sid <= servers; ++sid) nodes_[sid];
  }

  void start(int sid) {
    Node& node = nodes_[sid];
    node.links = std::make_unique<ElectionLinks>(ServerId(sid), config_, ElectionLinksOptions{},
                                                 node.next_link, log_);
  }
  // Streams end on the other side when what was under way has arrived.
  void stop(int sid) {
    nodes_[sid].links.reset();
    nodes_[sid].heard.clear();
    nodes_[sid].reachable.clear();
    for (auto& conn : conns_) {
      for (auto& end : conn.ends) {
        if (end.sid == sid) end.gone = true;
      }
    }
  }
  void send(int from, int to, Round round) {
    call(from, [&](ElectionLinks& links, ElectionLinksEffects& effects) {
      links.send(ServerId(to), notification_of(round), now_, effects);
    });
  }
  // Cuts a random stream.
  void cut() {
    if (conns_.empty()) return;
    auto& conn = conns_[prng_.below(conns_.size())];
    for (auto& end : conn.ends) {
      end.cut = true;
      end.inbox.clear();
    }
  }
  // So many things that can happen, in random order; true: nothing is left that happens by itself.
  bool run(int steps) {
    while (steps-- > 0) {
      if (!step() && !advance()) return true;
    }
    return false;
  }
  // Until it is quiet: nothing to carry and no timer before `ms` have passed.
  bool settle() {
    for (int steps = 0; steps < 20000; ++steps) {
      if (!step() && !advance()) return true;
    }
    return false;
  }

  [[nodiscard]] const std::string& heard(int by, int from) { return nodes_[by].heard[from]; }
  [[nodiscard]] bool reachable(int by, int sid) { return nodes_[by].reachable[sid]; }
  // Streams between two that are up at both ends; `dialler`: who dialled the last of them.
  [[nodiscard]] int streams(int a, int b, int& dialler) {
    int count = 0;
    for (const auto& conn : conns_) {
      const bool between = (conn.ends[0].sid == a && conn.ends[1].sid == b) ||
                           (conn.ends[0].sid == b && conn.ends[1].sid == a);
      if (!between) continue;
      ++count;
      dialler = conn.ends[0].sid;
    }
    return count;
  }
  [[nodiscard]] std::size_t dials() const { return dials_; }

 private:
  struct Node {
    std::uint64_t next_link = 1;
    std::unique_ptr<ElectionLinks> links;
    std::map<int, std::string> heard;  // the newest
    std::map<int, bool> reachable;
  };
  struct End {
    int sid = 0;
    LinkId link;
    std::string inbox;
    bool gone = false;  // this side has nothing to do with it any more
    bool cut = false;
  };
  struct Conn {
    bool connected = false;
    End ends[2];  // the dialler first
  };

  template <typename Call>
  void call(int sid, Call&& make) {
    Node& node = nodes_[sid];
    ElectionLinksEffects effects;
    make(*node.links, effects);
    for (const auto& dial : effects.dials) {
      ++dials_;
      Conn conn;
      conn.ends[0] = {.sid = sid, .link = dial.link, .inbox = {}};
      conn.ends[1].sid = static_cast<int>(dial.to.value);
      conns_.push_back(conn);
    }
    for (Link* link : effects.dirty) {
      ASSERT_EQ(node.links->find(link->id), link) << "what is dirty lives";
      link->dirty = false;
    }
    for (const auto& received : effects.received) {
      node.heard[static_cast<int>(received.from.value)] = received.frame;
    }
    for (const auto& change : effects.reachable) {
      node.reachable[static_cast<int>(change.sid.value)] = change.reachable;
    }
  }

  void close(End& end) {
    end.gone = true;
    if (!nodes_[end.sid].links) return;
    call(end.sid, [&, link = end.link](ElectionLinks& links, ElectionLinksEffects& effects) {
      links.on_closed(link, now_, effects);
    });
  }

  void connect(std::size_t i) {
    const int to = conns_[i].ends[1].sid;
    if (!nodes_[to].links) {
      const End end = conns_[i].ends[0];
      conns_.erase(conns_.begin() + static_cast<std::ptrdiff_t>(i));
      End copy = end;
      if (!end.gone) close(copy);
      return;
    }
    conns_[i].connected = true;
    conns_[i].ends[1].link = nodes_[to].links->on_accepted(now_);
    const auto end = conns_[i].ends[0];
    if (end.gone) return;
    call(end.sid, [&](ElectionLinks& links, ElectionLinksEffects& effects) {
      links.on_connected(end.link, now_, effects);
    });
  }

  // Something that one end of stream `i` can do, done; false: there is nothing.
  bool act(std::size_t i, int side) {
    End& end = conns_[i].ends[side];
    End& other = conns_[i].ends[1 - side];
    if (end.gone) return false;
    const End copy = end;
    Link* link = nodes_[end.sid].links->find(end.link);
    if (link == nullptr) {
      ADD_FAILURE() << "a link that is not closed is there";
      return false;
    }
    if (end.cut) return end.gone = true, close_of(copy), true;
    if (!link->output.empty() && prng_.chance(1, 2)) {
      const auto count = 1 + prng_.below(link->output.size());
      if (!other.gone) other.inbox.append(link->output.view().substr(0, count));
      link->output.consume(count);
      if (!link->output.empty()) return true;
      call(copy.sid, [&](ElectionLinks& links, ElectionLinksEffects& effects) {
        links.on_drained(copy.link, now_, effects);
      });
      return true;
    }
    if (link->close && link->output.empty()) return end.gone = true, close_of(copy), true;
    if (!end.inbox.empty()) {
      const auto count = prng_.chance(1, 3) ? end.inbox.size() : 1 + prng_.below(end.inbox.size());
      const std::string bytes = end.inbox.substr(0, count);
      end.inbox.erase(0, count);
      call(copy.sid, [&](ElectionLinks& links, ElectionLinksEffects& effects) {
        links.on_bytes(copy.link, bytes, now_, effects);
      });
      return true;
    }
    if (other.gone) return end.gone = true, close_of(copy), true;
    return !link->output.empty();
  }
  void close_of(End end) { close(end); }

  bool step() {
    std::erase_if(conns_, [](const Conn& conn) {
      return conn.ends[0].gone && (!conn.connected || conn.ends[1].gone);
    });
    if (conns_.empty()) return false;
    const auto first = prng_.below(conns_.size());
    for (std::size_t k = 0; k < conns_.size(); ++k) {
      const auto i = (first + k) % conns_.size();
      if (!conns_[i].connected) return connect(i), true;
      const int side = static_cast<int>(prng_.below(2));
      if (act(i, side) || act(i, 1 - side)) return true;
    }
    return false;
  }

  // To the next timer of anybody.
  bool advance() {
    std::optional<base::Instant> next;
    for (auto& [sid, node] : nodes_) {
      if (!node.links) continue;
      const auto at = node.links->next_deadline();
      if (at && (!next || *at < *next)) next = at;
    }
    if (!next) return false;
    now_ = std::max(now_, *next);
    for (auto& [sid, node] : nodes_) {
      if (!node.links) continue;
      call(sid, [&](ElectionLinks& links, ElectionLinksEffects& effects) {
        links.on_timer(now_, effects);
      });
    }
    return true;
  }

  EnsembleConfig config_;
  base::Prng prng_;
  base::NullLog log_;
  base::Instant now_;
  std::map<int, Node> nodes_;
  std::vector<Conn> conns_;
  std::size_t dials_ = 0;
};

void expect_one_stream_per_pair(StreamWorld& world, int servers) {
  for (int a = 1; a <= servers; ++a) {
    for (int b = a + 1; b <= servers; ++b) {
      int dialler = 0;
      EXPECT_EQ(world.streams(a, b, dialler), 1) << a << " and " << b;
      EXPECT_EQ(dialler, b) << "the larger sid dials";
      EXPECT_TRUE(world.reachable(a, b)) << a << " " << b;
      EXPECT_TRUE(world.reachable(b, a)) << b << " " << a;
    }
  }
}

void expect_newest_heard(StreamWorld& world, int servers, Round round) {
  for (int by = 1; by <= servers; ++by) {
    for (int from = 1; from <= servers; ++from) {
      if (by != from) {
        EXPECT_EQ(world.heard(by, from), body(round)) << by << " " << from;
      }
    }
  }
}

TEST(ElectionStreamsTest, AllDialAtOnce) {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    SCOPED_TRACE(seed);
    const int servers = 2 + static_cast<int>(seed % 4);
    StreamWorld world(servers, seed);
    for (int sid = 1; sid <= servers; ++sid) world.start(sid);
    for (Round round = 1; round <= 3; ++round) {
      for (int from = 1; from <= servers; ++from) {
        for (int to = 1; to <= servers; ++to) {
          if (from != to) world.send(from, to, round);
        }
      }
      world.run(static_cast<int>(seed % 7));
    }
    ASSERT_TRUE(world.settle());
    expect_one_stream_per_pair(world, servers);
    expect_newest_heard(world, servers, 3);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(ElectionStreamsTest, OneWordFromEitherSideIsEnough) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    StreamWorld world(2, seed);
    world.start(1);
    world.start(2);
    const int from = 1 + static_cast<int>(seed % 2);
    world.send(from, 3 - from, 7);
    ASSERT_TRUE(world.settle());
    expect_one_stream_per_pair(world, 2);
    EXPECT_EQ(world.heard(3 - from, from), body(7));
    EXPECT_EQ(world.dials(), from == 1 ? 2u : 1u);
    if (::testing::Test::HasFailure()) return;
  }
}

// Cuts and restarts at any moment; then everybody says something once more.
TEST(ElectionStreamsTest, StreamsComeBackAfterFaults) {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    SCOPED_TRACE(seed);
    base::Prng prng(seed);
    const int servers = 2 + static_cast<int>(seed % 4);
    StreamWorld world(servers, seed);
    std::set<int> up;
    for (int event = 0; event < 40; ++event) {
      const int sid = 1 + static_cast<int>(prng.below(static_cast<std::uint64_t>(servers)));
      const int to = 1 + static_cast<int>(prng.below(static_cast<std::uint64_t>(servers)));
      if (prng.chance(1, 3)) world.cut();
      if (!up.contains(sid)) {
        world.start(sid);
        up.insert(sid);
      } else if (prng.chance(1, 5)) {
        world.stop(sid);
        up.erase(sid);
      } else if (sid != to) {
        world.send(sid, to, event);
      }
      world.run(static_cast<int>(prng.below(30)));
    }
    for (int sid = 1; sid <= servers; ++sid) {
      if (!up.contains(sid)) world.start(sid);
    }
    for (int from = 1; from <= servers; ++from) {
      for (int to = 1; to <= servers; ++to) {
        if (from != to) world.send(from, to, 99);
      }
    }
    ASSERT_TRUE(world.settle());
    expect_one_stream_per_pair(world, servers);
    expect_newest_heard(world, servers, 99);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace drover::zab
