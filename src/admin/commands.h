#pragma once
// The commands of the admin port (/commands/...), which are Apache's AdminServer's: names, fields
// and error texts. Pure: a StatusView in, JSON out.

#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "admin/status_view.h"

namespace drover::admin {

struct Command {
  std::vector<std::string_view> names;  // the first is the one that answers and lists say
  Wanted wanted;
  bool always = false;         // also while nobody is served
  bool post = false;           // changes something: POST instead of GET
  bool authenticated = false;  // asks for an identity that may do everything with `/`
  std::function<boost::json::object(const StatusView&)> fields;  // may be empty: no fields
  // Why it cannot be answered in this state; may be empty.
  std::function<std::optional<std::string>(const StatusView&)> refusal;
};

// Ascending by their first name.
[[nodiscard]] const std::vector<Command>& commands();
[[nodiscard]] const Command* find_command(std::string_view name);

// The whole body of an answer.
[[nodiscard]] std::string command_page(const Command& command, const StatusView& view);
// Fields, then `command` and `error: null`.
[[nodiscard]] std::string command_page(std::string_view name, boost::json::object fields);
// An error that a command itself tells stands first.
[[nodiscard]] std::string command_error(std::string_view name, std::string_view error);
// One told in a command's place: unknown, not allowed.
[[nodiscard]] std::string command_refused(std::string_view name, std::string_view error);
// The list of commands below `url`, in HTML.
[[nodiscard]] std::string command_index(std::string_view url);

}  // namespace drover::admin
