// Goal: jobs keep their place among the txns, and a job that fails ends the writing.

#include "server/disk_thread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "storage/memory_disk.h"

namespace drover::server {
namespace {

using testing::ElementsAre;
using wire::Zxid;

// What happened on the disk thread, in order; read after stop().
class DiskThreadTest : public testing::Test {
 protected:
  DiskThreadTest() {
    EXPECT_TRUE(disk_.create_dirs("/d"));
    thread_ = std::make_unique<DiskThread>(
        disk_, DiskThreadOptions{.log = {.dir = "/d", .preallocate_bytes = 0}, .roll = {}}, 1, log_,
        DiskThread::Events{
            .on_durable =
                [this](Zxid last) { heard_.push_back("durable " + std::to_string(last.value)); },
            .on_rolled = [] {},
            .on_failure = [this](const Error& error) { heard_.push_back(error.message); }});
  }
  void submit(std::int64_t zxid) {
    std::vector<wire::TxnBytes> txns{{.zxid = Zxid(zxid), .bytes = txn_}};
    thread_->submit(txns);
  }
  void run(const std::string& name, bool fails = false) {
    thread_->run([this, name, fails](storage::LogWriter& log) -> Result<void> {
      heard_.push_back(name + " at " + std::to_string(log.last_appended().value));
      if (fails) return failure("it failed");
      return {};
    });
  }

  const std::string txn_ = std::string(wire::TxnHeader::kSize, '\0');
  storage::MemoryDisk disk_;
  base::NullLog log_;
  std::vector<std::string> heard_;
  std::unique_ptr<DiskThread> thread_;
};

TEST_F(DiskThreadTest, JobsKeepTheirPlaceAmongTheTxns) {
  run("first");
  submit(1);
  submit(2);
  run("second");
  run("third");
  submit(3);
  thread_->start();
  thread_->stop();
  EXPECT_THAT(heard_,
              ElementsAre("first at 0", "durable 2", "second at 2", "third at 2", "durable 3"));
}

TEST_F(DiskThreadTest, AJobAloneIsRun) {
  thread_->start();
  run("alone");
  thread_->stop();
  EXPECT_THAT(heard_, ElementsAre("alone at 0"));
}

TEST_F(DiskThreadTest, AJobThatFailsIsTheEnd) {
  run("job", true);
  submit(1);
  thread_->start();
  thread_->stop();
  EXPECT_THAT(heard_, ElementsAre("job at 0", "it failed"));
}

}  // namespace
}  // namespace drover::server
