#pragma once
// Going through a subtree, one znode after the other: parents first, children in alphabetical
// order, whatever comes and goes meanwhile.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shell/shell_session.h"

namespace drover::shell {

struct Visited {
  std::string path;
  std::size_t depth = 0;  // below the root of the walk
  bool is_last = false;   // of its parent's children
  // nullopt: this client may not read its children; `stat` is then not known either.
  std::optional<client::ChildrenAndStat> found;
};

enum class Onward { kBelow, kBeside, kStop };

// Calls `visit` for `root` and what is below it. Error: the root is not there, the server is gone,
// or Ctrl-C. What vanishes or may not be read meanwhile is no error.
CommandResult walk(ShellSession& session, const std::string& root,
                   const std::function<Onward(const Visited&)>& visit);

// "1 znode", "2 znodes".
[[nodiscard]] std::string counted(std::size_t count, std::string_view one);

}  // namespace drover::shell
