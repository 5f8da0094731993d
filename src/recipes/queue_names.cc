#include "recipes/queue_names.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <tuple>
#include <utility>

namespace drover::recipes {
namespace {

constexpr char kBar = '|';

// At least eight upper-case digits.
std::string hex(std::uint64_t value) {
  std::string digits;
  do {
    digits.insert(digits.begin(), "0123456789ABCDEF"[value & 0xf]);
    value >>= 4;
  } while (value != 0);
  if (digits.size() < 8) digits.insert(0, 8 - digits.size(), '0');
  return digits;
}

std::string barred(std::string_view text) {
  std::string prefix(kItemPrefix);
  prefix += kBar;
  prefix += text;
  prefix += kBar;
  return prefix;
}

// Where the text between the bars begins and ends; {0, 0} without.
std::pair<std::size_t, std::size_t> between_bars(std::string_view name) {
  const std::size_t begin = kItemPrefix.size() + 1;
  if (!name.starts_with(kItemPrefix) || name.size() <= begin || name[begin - 1] != kBar) return {};
  const std::size_t end = name.find(kBar, begin);
  if (end == std::string_view::npos) return {};
  return {begin, end};
}

std::string without_id(std::string_view name) {
  const auto [begin, end] = between_bars(name);
  if (end == 0) return std::string(name);
  return std::string(kItemPrefix) + std::string(name.substr(end + 1));
}

void drop_strangers(std::vector<std::string>& names) {
  std::erase_if(names, [](const std::string& name) { return !name.starts_with(kItemPrefix); });
}

}  // namespace

std::string plain_prefix() {
  return std::string(kItemPrefix);
}

std::string id_prefix(std::string_view id) {
  return barred(escape_id(id));
}

std::string priority_prefix(std::int32_t priority) {
  std::string prefix(kItemPrefix);
  prefix += priority >= 0 ? '1' : '0';
  return prefix + hex(static_cast<std::uint32_t>(priority));
}

std::string delay_prefix(std::int64_t due_ms) {
  return barred(hex(static_cast<std::uint64_t>(due_ms)));
}

std::string escape_id(std::string_view id) {
  std::string escaped(id);
  std::ranges::replace_if(escaped, [](char c) { return c == '/' || c == kBar; }, '_');
  return escaped;
}

std::string id_of(std::string_view name) {
  const auto [begin, end] = between_bars(name);
  return std::string(name.substr(begin, end - begin));
}

std::int64_t due_ms_of(std::string_view name) {
  const auto [begin, end] = between_bars(name);
  if (end == 0) return 0;
  std::uint64_t ms = 0;
  const auto read = std::from_chars(name.data() + begin, name.data() + end, ms, 16);
  const bool is_number = read.ec == std::errc() && read.ptr == name.data() + end;
  if (!is_number || ms > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return 0;
  return static_cast<std::int64_t>(ms);
}

void sort_as_text(std::vector<std::string>& names) {
  drop_strangers(names);
  std::ranges::sort(names);
}

void sort_by_id(std::vector<std::string>& names) {
  drop_strangers(names);
  std::ranges::sort(names, {}, without_id);
}

void sort_by_due_time(std::vector<std::string>& names) {
  drop_strangers(names);
  std::ranges::sort(names, {},
                    [](const std::string& name) { return std::tuple(due_ms_of(name), name); });
}

}  // namespace drover::recipes
