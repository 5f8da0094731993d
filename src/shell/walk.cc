#include "shell/walk.h"

#include <fmt/format.h>

#include <algorithm>

#include "shell/command.h"
#include "shell/interrupt.h"

namespace drover::shell {
CommandResult walk(ShellSession& session, const std::string& root,
                   const std::function<Onward(const Visited&)>& visit) {
  std::vector<Visited> open;  // to be visited, the next one last
  open.push_back({.path = root, .depth = 0, .is_last = true, .found = {}});
  while (!open.empty()) {
    if (is_interrupted()) return command_error("interrupted");
    auto present = std::move(open.back());
    open.pop_back();
    auto found = session.client().get_children(present.path);
    if (found) {
      std::sort(found->children.begin(), found->children.end());
      present.found = std::move(*found);
    } else if (found.error().code == ErrorCode::kNoNode && present.depth > 0) {
      continue;  // gone meanwhile
    } else if (found.error().code != ErrorCode::kNoAuth) {
      return command_error(found.error());
    }
    const auto onward = visit(present);
    if (onward == Onward::kStop) return {};
    if (onward == Onward::kBeside || !present.found) continue;
    const auto& children = present.found->children;
    for (std::size_t i = children.size(); i > 0; --i) {
      open.push_back({.path = child_path(present.path, children[i - 1]),
                      .depth = present.depth + 1,
                      .is_last = i == children.size(),
                      .found = {}});
    }
  }
  return {};
}

std::string counted(std::size_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

}  // namespace drover::shell
