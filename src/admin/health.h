#pragma once
// Whether a server is alive, ready, started: probes that say why not.

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "admin/status_view.h"

namespace drover::admin {

enum class Probe : std::uint8_t {
  kLive,     // restart it when this fails: a thread hangs
  kReady,    // send it clients while this holds
  kStartup,  // has served since it started
};

struct Check {
  std::string_view name;
  std::string why_not;  // empty: it holds
};

// `view` null: a thread did not answer in time.
[[nodiscard]] std::vector<Check> health_checks(Probe probe, const StatusView* view);
[[nodiscard]] bool all_hold(const std::vector<Check>& checks);
// `ok`, or a line for each check that does not hold.
[[nodiscard]] std::string health_text(const std::vector<Check>& checks);
// { status: ok|failed, checks: [ { name, ok, why } ] }
[[nodiscard]] boost::json::object health_json(const std::vector<Check>& checks);

}  // namespace drover::admin
