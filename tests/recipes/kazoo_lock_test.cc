// Goal: these locks and kazoo's own exclude one another. Method: kazoo in a Python process holds,
// or waits for, a lock on the same path of a real server.
#include <drover/recipes/kazoo_lock.h>
#include <drover/recipes/kazoo_semaphore.h>
#include <drover/recipes/mutex.h>
#include <gmock/gmock.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/use_future.hpp>
#include <future>
#include <mutex>

#include "recipes/fixture.h"

namespace drover::test {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// `lock` is a Python expression over zk, the connected kazoo client. The process acquires it,
// prints a line, and releases it when it reads one.
class KazooHolder {
 public:
  KazooHolder(const std::string& address, const std::string& lock) {
    const std::string script =
        "import sys\nfrom kazoo.client import KazooClient\n"
        "zk = KazooClient(hosts='" +
        address + "')\nzk.start()\nlock = " + lock +
        "\nlock.acquire()\nprint('held', flush=True)\nsys.stdin.readline()\nlock.release()\n"
        "zk.stop()\n";
    int to_child[2];
    int from_child[2];
    if (::pipe(to_child) != 0 || ::pipe(from_child) != 0) std::abort();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to_child[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from_child[1], STDOUT_FILENO);
    for (const int end : {to_child[0], to_child[1], from_child[0], from_child[1]}) {
      posix_spawn_file_actions_addclose(&actions, end);
    }
    std::string python = "/usr/bin/python3";
    std::string option = "-c";
    std::string text = script;
    char* arguments[] = {python.data(), option.data(), text.data(), nullptr};
    if (::posix_spawn(&pid_, python.c_str(), &actions, nullptr, arguments, environ) != 0) {
      std::abort();
    }
    posix_spawn_file_actions_destroy(&actions);
    ::close(to_child[0]);
    ::close(from_child[1]);
    input_ = to_child[1];
    output_ = from_child[0];
  }
  KazooHolder(const KazooHolder&) = delete;
  KazooHolder& operator=(const KazooHolder&) = delete;
  ~KazooHolder() {
    ::close(input_);
    ::close(output_);
    ::waitpid(pid_, nullptr, 0);
  }

  [[nodiscard]] bool wait_held() const {
    char line[8] = {};
    return ::read(output_, line, sizeof(line)) > 0 && std::string_view(line).starts_with("held");
  }
  void release() const { (void)!::write(input_, "\n", 1); }

 private:
  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
};

class KazooLockTest : public RecipeTest {};

TEST_F(KazooLockTest, IsLaidOutAsKazooDoes) {
  auto one = client();
  kazoo::Lock lock(one, path() + "/a", {.identifier = "me"});
  const auto hold = lock.acquire(kForever, block);
  ASSERT_TRUE(ok(hold));
  EXPECT_THAT(hold->node_path(),
              ::testing::MatchesRegex(path() + "/a/[0-9a-f]{32}__lock__[0-9]{10}"));
  EXPECT_THAT(*lock.contenders(block), ElementsAre("me"));
  EXPECT_EQ(one.get(hold->node_path(), {}, block)->stat.czxid, hold->fencing_token());
  kazoo::ReadLock reader(one, path() + "/b");
  const auto read = reader.acquire(kForever, block);
  ASSERT_TRUE(ok(read));
  EXPECT_THAT(read->node_path(),
              ::testing::MatchesRegex(path() + "/b/[0-9a-f]{32}__rlock__[0-9]{10}"));
}

TEST_F(KazooLockTest, WaitsForKazooAndKazooForIt) {
  auto one = client();
  kazoo::Lock lock(one, path(), {.identifier = "cpp"});
  const std::string theirs = "zk.Lock('" + path() + "', 'python')";
  auto hold = lock.acquire(kForever, block);
  ASSERT_TRUE(ok(hold));
  const KazooHolder waiter(shared_server().address(), theirs);
  ASSERT_TRUE(eventually([&] { return children(one, path()).size() == 2; }));
  EXPECT_THAT(*lock.contenders(block), ElementsAre("cpp", "python"));
  ASSERT_TRUE(ok(hold->release(block)));
  ASSERT_TRUE(waiter.wait_held());
  EXPECT_FALSE(lock.try_lock());
  auto waiting = lock.acquire(kForever, boost::asio::use_future);
  EXPECT_EQ(waiting.wait_for(kMoment), std::future_status::timeout);
  waiter.release();
  ASSERT_EQ(waiting.wait_for(kPatience), std::future_status::ready);
  EXPECT_TRUE(ok(waiting.get()));
}

TEST_F(KazooLockTest, ReadersShareWithKazoosAndWritersDoNot) {
  auto one = client();
  const KazooHolder reader(shared_server().address(), "zk.ReadLock('" + path() + "')");
  ASSERT_TRUE(reader.wait_held());
  kazoo::ReadLock ours(one, path());
  kazoo::WriteLock writer(one, path());
  const auto read = ours.acquire(kPatience, block);
  ASSERT_TRUE(ok(read));
  EXPECT_FALSE(writer.try_lock());
  reader.release();
}

TEST_F(KazooLockTest, WaitsForCuratorsWhenToldTo) {
  auto one = client();
  auto two = client();
  Mutex curators(one, path());
  kazoo::Lock careless(two, path());
  kazoo::Lock careful(two, path(), {.extra_lock_patterns = {"-lock-"}});
  curators.lock();
  EXPECT_TRUE(careless.try_lock());
  careless.unlock();
  EXPECT_FALSE(careful.try_lock());
  curators.unlock();
  EXPECT_TRUE(careful.try_lock_for(kPatience));
}

TEST_F(KazooLockTest, GivingUpLeavesNothing) {
  auto one = client();
  kazoo::Lock lock(one, path());
  const auto hold = lock.acquire(kForever, block);
  ASSERT_TRUE(ok(hold));
  kazoo::Lock other(one, path());
  EXPECT_EQ(code_of(other.acquire(milliseconds(50), block)), ErrorCode::kTimedOut);
  for (int i = 0; i < 40; ++i) {
    boost::asio::cancellation_signal signal;
    std::promise<void> answer;
    auto future = answer.get_future();
    other.acquire(kForever,
                  boost::asio::bind_cancellation_slot(
                      signal.slot(), [&answer](const Result<LockHold>&) { answer.set_value(); }));
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(i * 50);
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
    signal.emit(boost::asio::cancellation_type::terminal);
    ASSERT_EQ(future.wait_for(kPatience), std::future_status::ready);
  }
  EXPECT_TRUE(eventually([&] { return children(one, path()).size() == 1; }));
}

// The server has made the znode, and nobody hears of it.
TEST_F(KazooLockTest, ALostAnswerToTheCreationLeavesOneZnode) {
  CuttingProxy proxy(shared_server().port());
  auto own = connect(proxy.address());
  auto other = client();
  kazoo::Lock lock(own, path());
  ASSERT_TRUE(ok(own.create(path(), as_bytes(""), {}, block)));
  proxy.swallow_answers();
  auto waiting = lock.acquire(kForever, boost::asio::use_future);
  ASSERT_TRUE(eventually([&] { return children(other, path()).size() == 1; }));
  proxy.cut();
  ASSERT_EQ(waiting.wait_for(kPatience), std::future_status::ready);
  const auto hold = waiting.get();
  ASSERT_TRUE(ok(hold));
  EXPECT_THAT(children(other, path()), SizeIs(1));
  EXPECT_EQ(other.get(hold->node_path(), {}, block)->stat.czxid, hold->fencing_token());
}

TEST_F(KazooLockTest, TheSemaphoreCountsKazoosLeases) {
  auto one = client();
  const KazooHolder holder(shared_server().address(),
                           "zk.Semaphore('" + path() + "', 'python', 2)");
  ASSERT_TRUE(holder.wait_held());
  kazoo::Semaphore semaphore(one, path(), 2, {.identifier = "cpp"});
  const auto lease = semaphore.acquire_lease(kPatience, block);
  ASSERT_TRUE(ok(lease));
  EXPECT_THAT(lease->node_path(), ::testing::MatchesRegex(path() + "/[0-9a-f]{32}"));
  EXPECT_EQ(as_text(one.get(path(), {}, block)->data), "2");
  EXPECT_THAT(*semaphore.lease_holders(block), ::testing::UnorderedElementsAre("cpp", "python"));
  EXPECT_FALSE(semaphore.try_acquire());
  auto waiting = semaphore.acquire_lease(kForever, boost::asio::use_future);
  EXPECT_EQ(waiting.wait_for(kMoment), std::future_status::timeout);
  holder.release();
  ASSERT_EQ(waiting.wait_for(kPatience), std::future_status::ready);
  EXPECT_TRUE(ok(waiting.get()));
  kazoo::Semaphore other(one, path(), 3);
  EXPECT_EQ(code_of(other.acquire_lease(kForever, block)), ErrorCode::kBadArguments);
}

}  // namespace
}  // namespace drover::test
