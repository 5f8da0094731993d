#include <drover/recipes/semaphore.h>

#include <utility>

namespace drover {

namespace {

// Calls `changed` for every value, until it is dropped.
class ChangeReader : public std::enable_shared_from_this<ChangeReader> {
 public:
  ChangeReader(Stream<Versioned<std::int32_t>> changes, std::function<void()> changed)
      : changes_(std::move(changes)), changed_(std::move(changed)) {}

  void read_on() {
    changes_.next(kForever,
                  [weak = weak_from_this()](const Result<Versioned<std::int32_t>>& value) {
                    const auto self = weak.lock();
                    if (!self || !value) return;
                    self->changed_();
                    self->read_on();
                  });
  }

 private:
  Stream<Versioned<std::int32_t>> changes_;
  std::function<void()> changed_;
};

class SharedCountLimit final : public LeaseLimit {
 public:
  explicit SharedCountLimit(std::shared_ptr<SharedCount> count) : count_(std::move(count)) {}

  int current() const override {
    const auto number = count_->get();
    return number ? number->value : 0;
  }
  Subscription on_change(std::function<void()> changed) override {
    auto reader = std::make_shared<ChangeReader>(count_->changes(), std::move(changed));
    reader->read_on();
    return Subscription([reader = std::move(reader)]() mutable { reader.reset(); });
  }

 private:
  std::shared_ptr<SharedCount> count_;
};

}  // namespace

std::shared_ptr<LeaseLimit> lease_limit(std::shared_ptr<SharedCount> count) {
  if (!count) return nullptr;
  return std::make_shared<SharedCountLimit>(std::move(count));
}

}  // namespace drover
