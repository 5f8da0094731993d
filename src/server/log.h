#pragma once
// spdlog behind base::Log: one line to standard error, in the shape that tools for ZooKeeper's log
// expect: `2026-01-02 03:04:05,678 [myid:] - INFO  [reactor-0:drover@0] - text`.

#include <memory>
#include <string>

#include "base/log.h"

namespace drover::server {

// Thread-safe. Debug lines are dropped unless `level` asks for them.
[[nodiscard]] std::unique_ptr<base::Log> make_log(base::LogLevel level);

// How the calling thread is named in log lines and in `top -H`. At most 15 bytes are shown by the
// kernel.
void name_this_thread(const std::string& name);

}  // namespace drover::server
