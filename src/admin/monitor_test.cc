// Goal: the same numbers as mntr, as JSON fields and as Prometheus text, in the form of each.

#include "admin/monitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace drover::admin {
namespace {

using testing::HasSubstr;
using testing::Not;

StatusView measured() {
  StatusView view;
  view.version = "3.9.4";
  view.node_count = 5;
  view.metrics.count("snap_count", 2);
  view.metrics.count("snap_count", 1);  // of another thread
  base::Distribution ms;
  for (const std::int64_t value : {1, 2, 3, 10}) ms.add(value);
  view.metrics.distribution("readlatency", ms);
  view.metrics.distribution("fsynctime", ms);
  view.metrics.distribution("ack_latency", ms, "2");
  view.metrics.gauge("drover_memory_bytes", 4096, "resident");
  return view;
}

TEST(MonitorTest, SummariesHaveTheirParts) {
  const std::string text = monitor(measured());
  EXPECT_THAT(text, HasSubstr("zk_avg_fsynctime\t4.0\nzk_min_fsynctime\t1\nzk_max_fsynctime\t10\n"
                              "zk_cnt_fsynctime\t4\nzk_sum_fsynctime\t16\n"));
  EXPECT_THAT(text, Not(HasSubstr("zk_p50_fsynctime")));
  EXPECT_THAT(text, HasSubstr("zk_p50_readlatency\t2\nzk_p95_readlatency\t10\n"
                              "zk_p99_readlatency\t10\nzk_p999_readlatency\t10\n"));
  EXPECT_THAT(text, HasSubstr("zk_cnt_2_ack_latency\t4\n"));
  EXPECT_THAT(text, HasSubstr("zk_snap_count\t3\n"));
  EXPECT_THAT(text, HasSubstr("zk_resident_drover_memory_bytes\t4096\n"));
}

TEST(MonitorTest, WhatWasNeverMeasuredIsThereAndZero) {
  const std::string text = monitor(measured());
  EXPECT_THAT(text, HasSubstr("zk_diff_count\t0\n"));
  EXPECT_THAT(text, HasSubstr("zk_avg_election_time\t0.0\nzk_min_election_time\t0\n"));
}

TEST(MonitorTest, NoNameTwice) {
  std::set<std::string> names;
  for (const MetricLine& line : monitor_lines(measured()))
    EXPECT_TRUE(names.insert(line.name).second) << line.name;
}

TEST(MonitorTest, PrometheusText) {
  const std::string text = prometheus_text(measured());
  EXPECT_THAT(text, HasSubstr("# TYPE znode_count gauge\nznode_count 6\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE snap_count counter\nsnap_count 3\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE snap_count_total counter\nsnap_count_total 3\n"));
  EXPECT_THAT(text, Not(HasSubstr("_total_total")));
  EXPECT_THAT(text, HasSubstr("# TYPE fsynctime summary\nfsynctime{quantile=\"0.5\"} 2\n"
                              "fsynctime_count 4\nfsynctime_sum 16\n"));
  EXPECT_THAT(text,
              HasSubstr("readlatency{quantile=\"0.9\"} 10\nreadlatency{quantile=\"0.95\"} 10\n"
                        "readlatency{quantile=\"0.99\"} 10\n"));
  EXPECT_THAT(text, HasSubstr("ack_latency{key=\"2\",quantile=\"0.5\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("ack_latency_sum{key=\"2\"} 16\n"));
  EXPECT_THAT(text, HasSubstr("election_time{quantile=\"0.5\"} NaN\nelection_time_count 0\n"));
  EXPECT_THAT(text, HasSubstr("# HELP jvm_pause_time_ms Never moves here: no JVM\n"));
  EXPECT_THAT(text, HasSubstr("drover_memory_bytes{key=\"resident\"} 4096\n"));
}

}  // namespace
}  // namespace drover::admin
