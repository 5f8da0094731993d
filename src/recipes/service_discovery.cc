#include <drover/detail/timer.h>
#include <drover/recipes/service_discovery.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>

#include "recipes/background.h"
#include "recipes/json.h"

namespace drover {

using boost::asio::awaitable;

namespace {

CreateMode mode_of(ServiceType type) {
  switch (type) {
    case ServiceType::kDynamic:
      return CreateMode::kEphemeral;
    case ServiceType::kDynamicSequential:
      return CreateMode::kEphemeralSequential;
    case ServiceType::kStatic:
    case ServiceType::kPermanent:
      break;
  }
  return CreateMode::kPersistent;
}

bool is_name(const std::string& text) {
  return !text.empty() && text.find('/') == std::string::npos;
}

Error refusal(const ServiceInstance& instance, const std::string& why) {
  return {ErrorCode::kBadArguments,
          "service " + instance.name + ", instance " + instance.id + ": " + why};
}

}  // namespace

// --- the registry

class ServiceDiscovery::State : public recipes::Background {
 public:
  State(Client client, std::string base, ServiceDiscoveryOptions options)
      : Background(std::move(client)), base_(std::move(base)), options_(options) {}

  // Background's are protected.
  [[nodiscard]] Client& connection() { return client(); }
  [[nodiscard]] const std::string& base() const { return base_; }
  [[nodiscard]] std::string service_path(const std::string& name) const {
    return detail::child_path(base_, name);
  }
  [[nodiscard]] std::string instance_path(const std::string& name, const std::string& id) const {
    return detail::child_path(service_path(name), id);
  }

  awaitable<Result<void>> add(ServiceInstance instance);
  awaitable<Result<void>> update(ServiceInstance instance);
  awaitable<Result<void>> remove(std::string name, std::string id);

 private:
  using Key = std::pair<std::string, std::string>;  // name, id
  struct Registered {
    ServiceInstance instance;
    std::string path;  // where it is, its number included; empty before it was created
  };

  awaitable<Result<void>> step() override;
  awaitable<Result<void>> clean_up() override;
  awaitable<Result<void>> restore(Key key);
  awaitable<Result<std::string>> create(ServiceInstance instance);

  const std::string base_;
  const ServiceDiscoveryOptions options_;
  std::map<Key, Registered> registered_;
};

// Looks at each registration after every change of the connection.
awaitable<Result<void>> ServiceDiscovery::State::step() {
  std::vector<Key> keys;
  for (const auto& [key, registered] : registered_) keys.push_back(key);
  for (const Key& key : keys) {
    auto done = co_await restore(key);
    if (!done) co_return done;
  }
  co_return co_await bell().wait();
}

awaitable<Result<void>> ServiceDiscovery::State::restore(Key key) {
  auto at = registered_.find(key);
  if (at == registered_.end() || at->second.path.empty()) co_return Result<void>();
  const Registered known = at->second;
  auto stat = co_await client().exists(known.path);
  if (!stat) co_return std::unexpected(std::move(stat.error()));
  const bool is_ephemeral = drover::is_ephemeral(mode_of(known.instance.type));
  const std::int64_t owner = is_ephemeral ? client().session_id() : 0;
  if (*stat && (*stat)->ephemeral_owner == owner) co_return Result<void>();
  // It is an older session's, which the server has not ended yet.
  if (*stat && is_sequential(mode_of(known.instance.type))) {
    client().remove_in_background(known.path);
  }
  auto path = co_await create(known.instance);
  if (!path) co_return std::unexpected(std::move(path.error()));
  at = registered_.find(key);
  if (at == registered_.end()) {  // unregistered meanwhile
    client().remove_in_background(*path);
  } else {
    at->second.path = *path;
  }
  co_return Result<void>();
}

// What is there already is removed first, so that who watches it hears of the new one.
awaitable<Result<std::string>> ServiceDiscovery::State::create(ServiceInstance instance) {
  const Bytes json = to_bytes(to_json(instance, options_.with_enabled));
  const std::string path = instance_path(instance.name, instance.id);
  const CreateOptions options{.mode = mode_of(instance.type),
                              .parents = detail::recipe_parents(client())};
  auto made = co_await client().create(path, json, options);
  if (!made && made.error().code == ErrorCode::kNodeExists) {
    auto removed = co_await client().remove(path, {.missing_ok = true});
    if (!removed) co_return std::unexpected(std::move(removed.error()));
    made = co_await client().create(path, json, options);
  }
  if (!made) co_return std::unexpected(std::move(made.error()));
  co_return std::move(made->path);
}

awaitable<Result<void>> ServiceDiscovery::State::add(ServiceInstance instance) {
  if (is_closing()) co_return std::unexpected(recipes::closed_error("service discovery", base_));
  if (!is_name(instance.name) || !is_name(instance.id)) {
    co_return std::unexpected(refusal(instance, "name and id must not be empty or hold a slash"));
  }
  if (!recipes::is_json(instance.payload)) {
    co_return std::unexpected(refusal(instance, "the payload is not JSON"));
  }
  const Key key(instance.name, instance.id);
  registered_[key] = Registered{instance, ""};
  auto path = co_await create(instance);
  if (!path) {
    registered_.erase(key);
    co_return std::unexpected(std::move(path.error()));
  }
  const auto at = registered_.find(key);
  if (at == registered_.end()) {
    client().remove_in_background(*path);
  } else {
    at->second.path = std::move(*path);
  }
  co_return Result<void>();
}

awaitable<Result<void>> ServiceDiscovery::State::update(ServiceInstance instance) {
  if (!recipes::is_json(instance.payload)) {
    co_return std::unexpected(refusal(instance, "the payload is not JSON"));
  }
  const auto at = registered_.find({instance.name, instance.id});
  if (at == registered_.end() || at->second.path.empty()) {
    Error error = refusal(instance, "not registered here");
    error.code = ErrorCode::kNoNode;
    co_return std::unexpected(std::move(error));
  }
  at->second.instance = instance;
  const std::string path = at->second.path;
  const Bytes json = to_bytes(to_json(instance, options_.with_enabled));
  auto set = co_await client().set(path, json);
  if (!set) co_return std::unexpected(std::move(set.error()));
  co_return Result<void>();
}

awaitable<Result<void>> ServiceDiscovery::State::remove(std::string name, std::string id) {
  std::string path = instance_path(name, id);
  const auto at = registered_.find({name, id});
  if (at != registered_.end()) {
    if (!at->second.path.empty()) path = at->second.path;
    registered_.erase(at);
  }
  co_return co_await client().remove(path, {.guaranteed = true, .missing_ok = true});
}

awaitable<Result<void>> ServiceDiscovery::State::clean_up() {
  Result<void> all;
  while (!registered_.empty()) {
    const Key key = registered_.begin()->first;
    auto removed = co_await remove(key.first, key.second);
    if (!removed) all = std::move(removed);
  }
  co_return all;
}

// --- the handle

ServiceDiscovery::ServiceDiscovery(Client client, std::string base, ServiceDiscoveryOptions options)
    : state_(std::make_shared<State>(std::move(client), std::move(base), options)) {
  std::ignore = state_->start();  // the first start cannot fail
}

ServiceDiscovery::~ServiceDiscovery() {
  if (state_) state_->request_close();
}

std::shared_ptr<detail::Patience> ServiceDiscovery::begin(std::string_view what) const {
  return std::make_shared<detail::Patience>(state_->connection(), kForever,
                                            std::string(what) + ": services of " + state_->base(),
                                            state_->base());
}

awaitable<Result<void>> ServiceDiscovery::do_register(std::shared_ptr<State> state,
                                                      ServiceInstance instance) {
  co_return co_await state->add(std::move(instance));
}

awaitable<Result<void>> ServiceDiscovery::do_update(std::shared_ptr<State> state,
                                                    ServiceInstance instance) {
  co_return co_await state->update(std::move(instance));
}

awaitable<Result<void>> ServiceDiscovery::do_unregister(std::shared_ptr<State> state,
                                                        std::string name, std::string id) {
  co_return co_await state->remove(std::move(name), std::move(id));
}

awaitable<Result<void>> ServiceDiscovery::do_close(std::shared_ptr<State> state) {
  co_return co_await state->close();
}

awaitable<Result<std::vector<std::string>>> ServiceDiscovery::do_names(
    std::shared_ptr<State> state) {
  auto listing = co_await state->connection().children(state->base());
  if (!listing && listing.error().code == ErrorCode::kNoNode) {
    co_return std::vector<std::string>();
  }
  if (!listing) co_return std::unexpected(std::move(listing.error()));
  std::ranges::sort(listing->names);
  co_return std::move(listing->names);
}

awaitable<Result<std::vector<ServiceInstance>>> ServiceDiscovery::do_instances(
    std::shared_ptr<State> state, std::string name) {
  std::vector<ServiceInstance> instances;
  auto listing = co_await state->connection().children(state->service_path(name));
  if (!listing && listing.error().code == ErrorCode::kNoNode) co_return instances;
  if (!listing) co_return std::unexpected(std::move(listing.error()));
  std::ranges::sort(listing->names);
  for (const std::string& id : listing->names) {
    auto found = co_await do_instance(state, name, id);
    if (!found && found.error().code != ErrorCode::kCorruptPayload) {
      co_return std::unexpected(std::move(found.error()));
    }
    if (found && *found) instances.push_back(std::move(**found));
  }
  co_return instances;
}

awaitable<Result<std::optional<ServiceInstance>>> ServiceDiscovery::do_instance(
    std::shared_ptr<State> state, std::string name, std::string id) {
  const std::string path = state->instance_path(name, id);
  auto node = co_await state->connection().get(path);
  if (!node && node.error().code == ErrorCode::kNoNode) {
    co_return std::optional<ServiceInstance>();
  }
  if (!node) co_return std::unexpected(std::move(node.error()));
  auto instance = service_instance_from_json(node->data);
  if (instance) co_return std::optional(std::move(*instance));
  instance.error().path = path;
  co_return std::unexpected(std::move(instance.error()));
}

// --- the cache

std::vector<ServiceInstance> ServiceCache::instances() const {
  std::vector<ServiceInstance> instances;
  for (const auto& [name, node] : cache_.children(cache_.root())) {
    auto instance = service_instance_from_json(node->data);
    if (instance) instances.push_back(std::move(*instance));
  }
  return instances;
}

Subscription ServiceCache::on_change(std::function<void()> changed) {
  return cache_.on_event(
      [changed = std::move(changed), is_complete = false](const CacheEvent& event) mutable {
        is_complete |= event.kind == CacheEvent::Kind::kInitialized;
        if (is_complete) changed();
      });
}

// --- the provider

class ServiceProvider::State : public std::enable_shared_from_this<State> {
 public:
  State(Client client, const std::string& base, const std::string& name,
        ServiceProviderOptions options)
      : client_(client), options_(std::move(options)), cache_(std::move(client), base, name) {}

  ServiceCache& cache() { return cache_; }

  std::vector<ServiceInstance> eligible() const {
    auto instances = cache_.instances();
    {
      const std::lock_guard lock(mutex_);
      std::erase_if(instances, [this](const ServiceInstance& instance) {
        return !instance.enabled || is_down(instance.id);
      });
    }
    if (options_.filter) {
      std::erase_if(instances, [this](const auto& instance) { return !options_.filter(instance); });
    }
    return instances;
  }
  std::optional<ServiceInstance> choose();
  void note_error(const std::string& id);

 private:
  struct Trouble {
    int errors = 0;
    std::shared_ptr<detail::Timer> forgiven;
  };

  // Requires the mutex.
  [[nodiscard]] bool is_down(const std::string& id) const {
    const auto at = troubles_.find(id);
    return at != troubles_.end() && at->second.errors >= options_.errors_max;
  }
  void forgive(const std::string& id) {
    const std::lock_guard lock(mutex_);
    troubles_.erase(id);
  }

  Client client_;
  const ServiceProviderOptions options_;
  ServiceCache cache_;
  mutable std::mutex mutex_;
  std::map<std::string, Trouble> troubles_;  // by the instance's id
  std::uint64_t turn_ = 0;
  std::string stuck_to_;
};

std::optional<ServiceInstance> ServiceProvider::State::choose() {
  auto instances = eligible();
  if (instances.empty()) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (options_.strategy == ProviderStrategy::kSticky) {
    const auto same = std::ranges::find(instances, stuck_to_, &ServiceInstance::id);
    if (same != instances.end()) return *same;
  }
  const std::uint64_t number =
      options_.strategy == ProviderStrategy::kRoundRobin ? turn_++ : detail::random_number(client_);
  ServiceInstance chosen = std::move(instances[number % instances.size()]);
  stuck_to_ = chosen.id;
  return chosen;
}

void ServiceProvider::State::note_error(const std::string& id) {
  const std::lock_guard lock(mutex_);
  Trouble& trouble = troubles_[id];
  if (++trouble.errors > 1) return;
  trouble.forgiven = detail::Timer::start(client_.get_executor(), options_.down_period,
                                          [weak = weak_from_this(), id] {
                                            if (const auto self = weak.lock()) self->forgive(id);
                                          });
}

ServiceProvider::ServiceProvider(Client client, const std::string& base, const std::string& name,
                                 ServiceProviderOptions options)
    : state_(std::make_shared<State>(std::move(client), base, name, std::move(options))) {}

ServiceProvider::~ServiceProvider() {
  close();
}

void ServiceProvider::close() noexcept {
  if (state_) state_->cache().close();
}

std::optional<ServiceInstance> ServiceProvider::get_instance() {
  return state_->choose();
}
std::vector<ServiceInstance> ServiceProvider::all_instances() const {
  return state_->eligible();
}
void ServiceProvider::note_error(const ServiceInstance& instance) {
  state_->note_error(instance.id);
}
ServiceCache& ServiceProvider::cache() {
  return state_->cache();
}

}  // namespace drover
