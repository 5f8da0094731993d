#include "shell/quota_text.h"

#include <fmt/format.h>

#include "shell/format.h"

namespace drover::shell {

QuotaText::QuotaText(std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find_first_of(",;");
    const auto pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    auto number = pair.substr(equals + 1);
    if (number.ends_with('=')) number.remove_suffix(1);
    set(pair.substr(0, equals), parse_number<std::int64_t>(number).value_or(-1));
  }
}

std::int64_t QuotaText::get(std::string_view key) const {
  const auto found = values_.find(std::string(key));
  return found == values_.end() ? -1 : found->second;
}

std::string QuotaText::text() const {
  auto text = fmt::format("count={},bytes={}", get(kQuotaCount), get(kQuotaBytes));
  const char* separator = "=;";
  for (const auto& [key, value] : values_) {
    if (key == kQuotaCount || key == kQuotaBytes) continue;
    text += fmt::format("{}{}={}", separator, key, value);
    separator = ";";
  }
  return text;
}

}  // namespace drover::shell
