#include "sections.h"

#include <thread>

namespace peer {

namespace json = boost::json;
using drover::block;
using drover::value_or_throw;

namespace {

void raise_counter(drover::Client& client, const std::string& counter) {
  const auto node = value_or_throw(client.get(counter, {}, block));
  const auto raised = std::to_string(std::stoll(std::string(drover::as_text(node.data))) + 1);
  value_or_throw(client.set(counter, drover::as_bytes(raised), {}, block));
}

json::value run_sections(drover::Client& client, Lock& lock, const Request& request) {
  const std::string counter = request.text("counter", "");
  const std::chrono::milliseconds hold(request.number("hold_ms", 0));
  json::array sections;
  for (std::int64_t i = request.number("count"); i > 0; --i) {
    if (!lock.acquire(request.timeout()))
      throw std::runtime_error("a section was not entered in time");
    const std::int64_t taken = now();
    if (!counter.empty()) raise_counter(client, counter);
    std::this_thread::sleep_for(hold);
    sections.push_back({taken, now(), lock.node()});
    lock.release();
  }
  return sections;
}

}  // namespace

json::value call_lock(drover::Client client, Lock& lock, std::string_view op,
                      const Request& request) {
  if (op == "acquire") return lock.acquire(request.timeout());
  if (op == "node") return lock.node();
  if (op == "sections") return run_sections(client, lock, request);
  if (op != "release") throw no_such_op(op);
  lock.release();
  return true;
}

}  // namespace peer
