#include "recipes/lock_order.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

namespace drover::recipes {

namespace {

std::string_view sort_key(std::string_view name, const std::vector<std::string>& lock_names) {
  for (const std::string& lock_name : lock_names) {
    const auto at = name.rfind(lock_name);
    if (at != std::string_view::npos) name.remove_prefix(at + lock_name.size());
  }
  return name;
}

constexpr std::size_t kDigits = 10;

// The number at the end of a kazoo contender's name, nothing for other names.
std::optional<std::string_view> kazoo_number(std::string_view name,
                                             const std::vector<std::string>& patterns) {
  if (name.size() < kDigits) return std::nullopt;
  const auto digits = name.substr(name.size() - kDigits);
  if (digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  const auto front = name.substr(0, name.size() - kDigits);
  for (const std::string& pattern : patterns) {
    if (front.ends_with(pattern)) return digits;
    if (front.ends_with(pattern + '-')) return name.substr(name.size() - kDigits - 1);
  }
  return std::nullopt;
}

// What orders a node made by kazoo or like it, whichever kind it is of.
std::string_view own_kazoo_number(std::string_view name) {
  const auto digits = name.substr(name.size() - std::min(name.size(), kDigits));
  const bool is_negative = name.size() > kDigits && name[name.size() - kDigits - 1] == '-';
  return is_negative ? name.substr(name.size() - kDigits - 1) : digits;
}

}  // namespace

std::vector<std::string> sorted_children(std::vector<std::string> names,
                                         const std::vector<std::string>& lock_names) {
  std::ranges::sort(names, [&](const std::string& left, const std::string& right) {
    const auto left_key = sort_key(left, lock_names);
    const auto right_key = sort_key(right, lock_names);
    if (left_key != right_key) return left_key < right_key;
    // A reader that has its writer's number: the writer goes first.
    const bool is_left_writer = left.contains(kWriteName);
    if (is_left_writer != right.contains(kWriteName)) return is_left_writer;
    return left < right;
  });
  return names;
}

LockOrder first_come_order(std::string lock_name, int holders_max) {
  return [lock_names = std::vector{std::move(lock_name)}, holders_max](
             std::vector<std::string> names, std::string_view own) -> Standing {
    const auto sorted = sorted_children(std::move(names), lock_names);
    const auto place = std::ranges::find(sorted, own) - sorted.begin();
    if (place == std::ssize(sorted)) return {};
    if (place < holders_max) return {.place = Standing::Place::kHolds};
    return {.place = Standing::Place::kWaits,
            .blocker = sorted[static_cast<std::size_t>(place - holders_max)]};
  };
}

std::vector<std::string> read_write_names() {
  return {std::string(kReadName), std::string(kWriteName)};
}

LockOrder write_order() {
  return [](std::vector<std::string> names, std::string_view own) -> Standing {
    const auto sorted = sorted_children(std::move(names), read_write_names());
    const auto self = std::ranges::find(sorted, own);
    if (self == sorted.end()) return {};
    if (self == sorted.begin()) return {.place = Standing::Place::kHolds};
    return {.place = Standing::Place::kWaits, .blocker = *std::prev(self)};
  };
}

LockOrder read_order() {
  return [](std::vector<std::string> names, std::string_view own) -> Standing {
    const auto sorted = sorted_children(std::move(names), read_write_names());
    const auto self = std::ranges::find(sorted, own);
    if (self == sorted.end()) return {};
    const auto writer = std::find_if(
        sorted.begin(), self, [](const std::string& name) { return name.contains(kWriteName); });
    if (writer == self) return {.place = Standing::Place::kHolds};
    return {.place = Standing::Place::kWaits, .blocker = *writer};
  };
}

LockOrder read_beside_order(std::string writer) {
  return [writer = std::move(writer)](const std::vector<std::string>& names,
                                      std::string_view own) -> Standing {
    const bool are_there = std::ranges::find(names, own) != names.end() &&
                           std::ranges::find(names, writer) != names.end();
    return {.place = are_there ? Standing::Place::kHolds : Standing::Place::kMissing};
  };
}

std::vector<std::string> kazoo_contenders(std::vector<std::string> names,
                                          const std::vector<std::string>& patterns) {
  std::erase_if(names,
                [&](const std::string& name) { return !kazoo_number(name, patterns).has_value(); });
  std::ranges::sort(names, [&](const std::string& left, const std::string& right) {
    return std::tuple(*kazoo_number(left, patterns), std::string_view(left)) <
           std::tuple(*kazoo_number(right, patterns), std::string_view(right));
  });
  return names;
}

LockOrder kazoo_order(std::vector<std::string> patterns) {
  return [patterns = std::move(patterns)](const std::vector<std::string>& names,
                                          std::string_view own) -> Standing {
    if (std::ranges::find(names, own) == names.end()) return {};
    const auto own_number = own_kazoo_number(own);
    Standing standing{.place = Standing::Place::kHolds};
    for (const std::string& name : kazoo_contenders(names, patterns)) {
      if (name == own || *kazoo_number(name, patterns) >= own_number) break;
      standing = {.place = Standing::Place::kWaits, .blocker = name};
    }
    return standing;
  };
}

}  // namespace drover::recipes
