#pragma once
// Who comes most often, in fixed memory (space-saving, Metwally et al. 2005): a newcomer takes the
// place of the rarest and inherits its count, so whoever has more than 1/kPlaces of all is there,
// counted too high by at most what the rarest has.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace drover::lane {

class TopCounter {
 public:
  static constexpr std::size_t kPlaces = 128;

  struct Entry {
    std::string key;
    std::int64_t reads = 0, writes = 0;
  };

  void add(std::string_view key, bool write, std::int64_t times) {
    const std::size_t hash = std::hash<std::string_view>{}(key);
    std::size_t at = 0;
    while (at < used_ && (hashes_[at] != hash || entries_[at].key != key)) ++at;
    if (at == used_) at = make_room(key, hash);
    (write ? entries_[at].writes : entries_[at].reads) += times;
  }
  [[nodiscard]] std::vector<Entry> entries() const {
    return {entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(used_)};
  }
  void clear() { used_ = 0; }

 private:
  std::size_t make_room(std::string_view key, std::size_t hash) {
    std::size_t at = used_;
    if (used_ < kPlaces) {
      ++used_;
      entries_[at].reads = entries_[at].writes = 0;
    } else {
      at = static_cast<std::size_t>(
          std::ranges::min_element(entries_, {},
                                   [](const Entry& e) { return e.reads + e.writes; }) -
          entries_.begin());
    }
    entries_[at].key.assign(key);
    hashes_[at] = hash;
    return at;
  }

  std::size_t used_ = 0;
  std::array<std::size_t, kPlaces> hashes_{};
  std::array<Entry, kPlaces> entries_{};
};

}  // namespace drover::lane
