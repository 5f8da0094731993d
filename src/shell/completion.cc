#include "shell/completion.h"

#include <fmt/format.h>

#include <algorithm>

#include "shell/command.h"

namespace drover::shell {
namespace {

std::vector<std::string> command_names(std::string_view beginning) {
  std::vector<std::string> found;
  for (const auto* command : all_commands()) {
    if (command->name.starts_with(beginning)) found.emplace_back(command->name);
  }
  return found;
}

std::vector<std::string> options_of(std::string_view name, std::string_view beginning) {
  std::vector<std::string> found;
  const auto* command = find_command(name);
  if (command == nullptr) return found;
  for (const auto& option : command->options) {
    auto text = fmt::format("-{}", option.name);
    if (text.starts_with(beginning)) found.push_back(std::move(text));
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<std::string> paths(ShellSession& session, const std::string& beginning) {
  std::vector<std::string> found;
  // Without a server there is nothing to offer, and nobody wants to wait for one.
  if (!session.is_connected()) return found;
  const auto slash = beginning.rfind('/');
  const auto parent = slash == 0 ? std::string("/") : beginning.substr(0, slash);
  const auto children = session.client().get_children(parent);
  if (!children) return found;
  for (const auto& name : children->children) {
    auto path = child_path(parent, name);
    if (path.starts_with(beginning)) found.push_back(std::move(path));
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

std::vector<std::string> completions(ShellSession& session, const std::vector<std::string>& words) {
  const auto& word = words.back();
  if (words.size() == 1) return command_names(word);
  if (word.starts_with('/')) return paths(session, word);
  if (word.starts_with('-')) return options_of(words.front(), word);
  if (words.front() == "help" && words.size() == 2) return command_names(word);
  std::vector<std::string> found;
  if (words.front() == "printwatches" && words.size() == 2) {
    for (const auto* value : {"off", "on"}) {
      if (std::string_view(value).starts_with(word)) found.emplace_back(value);
    }
  }
  return found;
}

}  // namespace drover::shell
