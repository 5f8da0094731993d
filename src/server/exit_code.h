#pragma once
// How the process ends. Supervisors and scripts read these.

namespace drover::server {

enum class ExitCode : int {
  kClean = 0,
  kFailed = 1,              // a port in use, a damaged log, a disk that failed
  kBadConfig = 2,           // arguments or zoo.cfg
  kDataDirUnusable = 3,     // not there, not ours to read, locked by another server
  kAdminPortTaken = 4,      // as Apache: asked for, and cannot be had
  kElectionPortTaken = 14,  // as Apache
};

}  // namespace drover::server
