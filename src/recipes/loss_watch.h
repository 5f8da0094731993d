#pragma once
// Tells when what depends on the session may be lost.

#include <drover/recipes/lock_hold.h>

#include <memory>
#include <optional>
#include <stop_token>

namespace drover::recipes {

// Begun before the verification that it is to cover: what is stopped by then was lost meanwhile.
class LossWatch {
 public:
  LossWatch(const Client& client, ErrorPolicy policy);
  LossWatch(const LossWatch&) = delete;
  LossWatch& operator=(const LossWatch&) = delete;

  [[nodiscard]] std::stop_token lost() const noexcept { return lost_.get_token(); }
  [[nodiscard]] bool is_lost() const noexcept { return lost_.stop_requested(); }
  // For those who know by other ways that it is lost.
  [[nodiscard]] const std::stop_source& source() const noexcept { return lost_; }

 private:
  struct Stop {
    std::stop_source lost;
    void operator()() { lost.request_stop(); }
  };

  std::stop_source lost_;
  std::optional<std::stop_callback<Stop>> on_suspect_;
  std::optional<std::stop_callback<Stop>> on_closing_;
  Subscription states_;
};

}  // namespace drover::recipes
