// What one write costs from request to applied txn, and what one znode costs in memory. No I/O, one
// thread. Run: build/release/bin/core_bench [--benchmark_filter=...]

#include <benchmark/benchmark.h>
#include <malloc.h>
#include <time.h>

#include <cstdio>
#include <string>

#include "base/prng.h"
#include "lane/hot_sampler.h"
#include "txn/apply.h"
#include "txn/prepare.h"

namespace drover {
namespace {

using wire::OpCode;

constexpr std::int64_t kSession = 0x100;

template <typename Record, typename... More>
std::string encoded(const Record& record, More... more) {
  base::ByteBuffer bytes;
  wire::JuteWriter writer(bytes);
  record.encode(writer, more...);
  return std::string(bytes.view());
}

std::string path_of(std::uint64_t i) {
  return "/bench/node-" + std::to_string(1'000'000 + i);
}

// A standalone server's core with `nodes` znodes of 100 bytes under one parent.
struct Core {
  explicit Core(std::uint64_t nodes)
      : prepare(tree, sessions, auth, txn::PrepareOptions{.length_max = 2097150}) {
    sessions.add(wire::SessionId(kSession), 30000, {});
    tree.create({.path = "/bench", .data = "", .zxid = wire::Zxid(1), .time_ms = 1});
    const std::string data(100, 'x');
    for (std::uint64_t i = 0; i < nodes; ++i) {
      tree.create({.path = path_of(i), .data = data, .zxid = wire::Zxid(1), .time_ms = 1});
    }
    zxid = wire::Zxid(2);
  }

  void submit(OpCode op, std::string_view body) {
    txn::Request request;
    request.op = op;
    request.session = wire::SessionId(kSession);
    request.identities = identities;
    zxid = zxid.next();
    const auto outcome = prepare.prepare(request, body, zxid, base::WallTime{1}, txns);
    if (outcome.error != ErrorCode::kOk) std::abort();
  }
  void apply(std::string_view txn, OpCode op) {
    reply.clear();
    const auto applied = txn::apply(txn, tree, sessions, {}, op, nullptr, reply);
    if (!applied.digest_matches) std::abort();
    prepare.applied(applied.header.zxid);
  }
  void run(OpCode op, std::string_view body) {
    txns.clear();
    submit(op, body);
    apply(txns.view(), op);
  }

  tree::Tree tree;
  session::SessionTable sessions{2000};
  txn::AuthOptions auth;
  txn::Prepare prepare;
  wire::Zxid zxid;
  base::ByteBuffer txns, reply;
  txn::Identities identities =
      std::make_shared<const std::vector<Id>>(std::vector<Id>{{"ip", "127.0.0.1"}});
};

constexpr std::uint64_t kNodes = 100'000;

std::vector<std::string> set_data_bodies() {
  base::Prng prng(1);
  const std::string data(100, 'y');
  std::vector<std::string> bodies;
  for (int i = 0; i < 4096; ++i) {
    const std::string path = path_of(prng.below(kNodes));
    bodies.push_back(encoded(wire::SetDataRequest{path, data, -1}));
  }
  return bodies;
}

void BM_SetData(benchmark::State& state) {
  Core core(kNodes);
  const auto bodies = set_data_bodies();
  std::size_t i = 0;
  for ([[maybe_unused]] auto _ : state) core.run(OpCode::kSetData, bodies[i++ & 4095]);
}
BENCHMARK(BM_SetData);

// As under load: many prepared before the first is applied.
void BM_SetDataBatched(benchmark::State& state) {
  Core core(kNodes);
  const auto bodies = set_data_bodies();
  const auto batch = static_cast<std::size_t>(state.range(0));
  std::vector<std::size_t> ends;
  std::size_t i = 0;
  for ([[maybe_unused]] auto _ : state) {
    core.txns.clear();
    ends.clear();
    for (std::size_t n = 0; n < batch; ++n) {
      core.submit(OpCode::kSetData, bodies[i++ & 4095]);
      ends.push_back(core.txns.size());
    }
    std::size_t begin = 0;
    for (const std::size_t end : ends) {
      core.apply(core.txns.view().substr(begin, end - begin), OpCode::kSetData);
      begin = end;
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * batch));
}
BENCHMARK(BM_SetDataBatched)->Arg(100);

void BM_PrepareSetData(benchmark::State& state) {
  Core core(kNodes);
  const auto bodies = set_data_bodies();
  std::size_t i = 0;
  for ([[maybe_unused]] auto _ : state) {
    core.txns.clear();
    core.submit(OpCode::kSetData, bodies[i++ & 4095]);
    core.prepare.applied(core.zxid);
  }
}
BENCHMARK(BM_PrepareSetData);

void BM_CreateAndDelete(benchmark::State& state) {
  Core core(kNodes);
  const std::string path = "/bench/another";
  const std::string data(100, 'z');
  const std::string create = encoded(
      wire::CreateRequest{
          .path = path, .data = data, .acl = std::vector<wire::AclView>{{31, "world", "anyone"}}},
      false);
  const std::string remove = encoded(wire::PathVersionRequest{path, -1});
  for ([[maybe_unused]] auto _ : state) {
    core.run(OpCode::kCreate, create);
    core.run(OpCode::kDelete, remove);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * 2));
}
BENCHMARK(BM_CreateAndDelete);

void BM_Find(benchmark::State& state) {
  Core core(kNodes);
  std::vector<std::string> paths;
  base::Prng prng(1);
  paths.reserve(4096);
  for (int i = 0; i < 4096; ++i) paths.push_back(path_of(prng.below(kNodes)));
  std::size_t i = 0;
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(core.tree.find(paths[i++ & 4095]));
}
BENCHMARK(BM_Find);

void BM_Stat(benchmark::State& state) {
  Core core(10);
  const tree::NodeId node = core.tree.find(path_of(3));
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(core.tree.stat(node));
}
BENCHMARK(BM_Stat);

// What a request pays while somebody looks at the hot paths, at two million requests a second.
void BM_HotSampler(benchmark::State& state) {
  constexpr std::uint64_t kPerMs = 2000;
  std::vector<std::string> bodies;
  base::Prng prng(1);
  bodies.reserve(4096);
  for (int i = 0; i < 4096; ++i) {
    bodies.push_back(
        encoded(wire::PathWatchRequest{.path = path_of(prng.below(10'000)), .watch = false}));
  }
  lane::HotSampler sampler;
  sampler.begin(base::Instant{});
  std::uint64_t i = 0;
  for ([[maybe_unused]] auto _ : state) {
    sampler.note(OpCode::kGetData, bodies[i & 4095], i % 50,
                 base::Instant{std::chrono::milliseconds(i / kPerMs)});
    ++i;
  }
}
// Half a minute of requests: it looks at few of them, and finds its pace first.
BENCHMARK(BM_HotSampler)->Iterations(60'000'000);

std::int64_t resident_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  long size = 0;
  long resident = 0;
  if (file == nullptr || std::fscanf(file, "%ld %ld", &size, &resident) != 2) return 0;
  std::fclose(file);
  return resident * 4096;
}

// Of this thread alone, so that a busy machine does not count.
std::int64_t cpu_ns() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

// One million znodes of 100 bytes with names of 12: resident bytes each, and the slowest single
// create.
void BM_MillionZnodes(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) {
    malloc_trim(0);
    const std::int64_t before = resident_bytes();
    std::int64_t slowest_ns = 0;
    tree::Tree tree;
    tree.create({.path = "/bench", .data = "", .zxid = wire::Zxid(1), .time_ms = 1});
    const std::string data(100, 'x');
    for (std::uint64_t i = 0; i < 1'000'000; ++i) {
      const std::string path = path_of(i);
      const std::int64_t begin = cpu_ns();
      tree.create({.path = path, .data = data, .zxid = wire::Zxid(1), .time_ms = 1});
      slowest_ns = std::max(slowest_ns, cpu_ns() - begin);
    }
    state.counters["bytes_per_znode"] = static_cast<double>(resident_bytes() - before) / 1e6;
    state.counters["slowest_create_us"] = static_cast<double>(slowest_ns) / 1e3;
  }
}
BENCHMARK(BM_MillionZnodes)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace drover
