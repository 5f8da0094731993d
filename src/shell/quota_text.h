#pragma once
// What the znodes below /zookeeper/quota hold: limits and usage as text (StatsTrack).
//   count=5,bytes=100                                       soft limits, or usage
//   count=5,bytes=100=;byteHardLimit=-1;countHardLimit=7    with hard limits
// The odd '=' lets parsers of 3.4 read the first two. -1 is no limit.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace drover::shell {

class QuotaText {
 public:
  QuotaText() = default;
  // Pairs key=number apart by any run of ',' and ';'; what is not understood reads as -1.
  explicit QuotaText(std::string_view text);

  [[nodiscard]] std::int64_t get(std::string_view key) const;
  void set(std::string_view key, std::int64_t value) { values_[std::string(key)] = value; }
  [[nodiscard]] std::string text() const;

 private:
  std::map<std::string, std::int64_t> values_;
};

inline constexpr std::string_view kQuotaCount = "count";
inline constexpr std::string_view kQuotaBytes = "bytes";
inline constexpr std::string_view kQuotaCountHard = "countHardLimit";
inline constexpr std::string_view kQuotaBytesHard = "byteHardLimit";

}  // namespace drover::shell
