#pragma once
// Who offers a service, and where: Curator's ServiceDiscovery (curator-x-discovery), its
// ServiceCache and ServiceProvider.
//
// ## Layout
// | znode | mode | data |
// |---|---|---|
// | `B`, `B/<service>` | container (or persistent, by the client's container_parents) | empty |
// | `B/<service>/<id>` | ephemeral for kDynamic, persistent for kStatic and kPermanent | JSON
// (service_instance.h) | | `B/<service>/<id><seq>` (kDynamicSequential) | ephemeral sequential |
// JSON with the bare id |
//
// ## Guarantees
// * As long as the object lives, what it registered is registered again after each reconnection and
//   each new session, if it is not there any more.
// * A payload is written as it was read, to the letter.
// * A ServiceCache follows the registry as a Cache does; what is no instance is left out, not an
//   error.
//
// ## Does not guarantee
// * That an instance that is listed works: a dynamic one stays until its session is over. Report
//   failures with note_error().
// * A kDynamicSequential registration whose answer was lost may leave a second znode until the
//   session ends.
// * Unlike Curator, a registration that survived a reconnection is left alone (Curator makes it
//   anew), and a sequential one is found again, not doubled.
//
// ## Example
//     drover::ServiceDiscovery discovery(client, "/services");
//     auto web = drover::new_service_instance(client, "web");
//     web.port = 8080;
//     co_await discovery.register_service(web);
//
//     drover::ServiceProvider provider(client, "/services", "web");
//     co_await provider.start();
//     if (auto instance = provider.get_instance()) connect(*instance->address, *instance->port);

#include <drover/cache.h>
#include <drover/detail/recipe.h>
#include <drover/recipes/service_instance.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace drover {

struct ServiceDiscoveryOptions {
  // Writes `enabled`: only when no reader is in Curator's compatible mode of an old version.
  bool with_enabled = false;
};

// Thread-safe. The destructor unregisters in the background; close() waits for it.
class ServiceDiscovery {
 public:
  ServiceDiscovery(Client client, std::string base, ServiceDiscoveryOptions options = {});
  ServiceDiscovery(ServiceDiscovery&&) noexcept = default;
  ServiceDiscovery& operator=(ServiceDiscovery&&) = delete;
  ~ServiceDiscovery();

  // Result<void>. Errors: kBadArguments (a name or id that is none, a payload that is no JSON).
  // After an error it is not registered. What is there under the same id is replaced.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto register_service(ServiceInstance instance, Token&& token = Token()) {
    return detail::run_recipe<void>(
        begin("register"), token,
        [state = state_, instance = std::move(instance)] { return do_register(state, instance); });
  }
  // Of one that was registered here, by name and id. Result<void>. Errors: kNoNode: it was not, or
  // is not there just now, and will be registered so.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto update_service(ServiceInstance instance, Token&& token = Token()) {
    return detail::run_recipe<void>(
        begin("update"), token,
        [state = state_, instance = std::move(instance)] { return do_update(state, instance); });
  }
  // Result<void>. Success also if it was not registered here: then `B/<name>/<id>` is removed.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto unregister_service(std::string name, std::string id, Token&& token = Token()) {
    return detail::run_recipe<void>(begin("unregister"), token,
                                    [state = state_, name = std::move(name), id = std::move(id)] {
                                      return do_unregister(state, name, id);
                                    });
  }

  // All services' names. Result<std::vector<std::string>>, sorted.
  template <CompletionTokenFor<std::vector<std::string>> Token = detail::DefaultToken>
  [[nodiscard]] auto names(Token&& token = Token()) {
    return detail::run_recipe<std::vector<std::string>>(
        begin("names"), token, [state = state_] { return do_names(state); });
  }
  // All instances of a service; none when there is no such service. What is no instance is left
  // out. Result<std::vector<ServiceInstance>>, by id.
  template <CompletionTokenFor<std::vector<ServiceInstance>> Token = detail::DefaultToken>
  [[nodiscard]] auto instances(std::string name, Token&& token = Token()) {
    return detail::run_recipe<std::vector<ServiceInstance>>(
        begin("instances"), token,
        [state = state_, name = std::move(name)] { return do_instances(state, name); });
  }
  // Result<std::optional<ServiceInstance>>: nullopt when there is none. Errors: kCorruptPayload.
  template <CompletionTokenFor<std::optional<ServiceInstance>> Token = detail::DefaultToken>
  [[nodiscard]] auto instance(std::string name, std::string id, Token&& token = Token()) {
    return detail::run_recipe<std::optional<ServiceInstance>>(
        begin("instance"), token, [state = state_, name = std::move(name), id = std::move(id)] {
          return do_instance(state, name, id);
        });
  }

  // Unregisters all that was registered here, of every type. Result<void>.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto close(Token&& token = Token()) {
    return detail::run_recipe<void>(begin("close"), token,
                                    [state = state_] { return do_close(state); });
  }

 private:
  class State;

  [[nodiscard]] std::shared_ptr<detail::Patience> begin(std::string_view what) const;
  static boost::asio::awaitable<Result<void>> do_register(std::shared_ptr<State> state,
                                                          ServiceInstance instance);
  static boost::asio::awaitable<Result<void>> do_update(std::shared_ptr<State> state,
                                                        ServiceInstance instance);
  static boost::asio::awaitable<Result<void>> do_unregister(std::shared_ptr<State> state,
                                                            std::string name, std::string id);
  static boost::asio::awaitable<Result<std::vector<std::string>>> do_names(
      std::shared_ptr<State> state);
  static boost::asio::awaitable<Result<std::vector<ServiceInstance>>> do_instances(
      std::shared_ptr<State> state, std::string name);
  static boost::asio::awaitable<Result<std::optional<ServiceInstance>>> do_instance(
      std::shared_ptr<State> state, std::string name, std::string id);
  static boost::asio::awaitable<Result<void>> do_close(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

// The instances of one service, kept up to date. Thread-safe.
class ServiceCache {
 public:
  ServiceCache(Client client, const std::string& base, const std::string& name)
      : cache_(std::move(client), detail::child_path(base, name), {.depth_max = 1}) {}

  // As Cache::start().
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto start(Token&& token = Token()) {
    return cache_.start(std::forward<Token>(token));
  }
  void close() noexcept { cache_.close(); }
  // By the znode's name.
  [[nodiscard]] std::vector<ServiceInstance> instances() const;
  // Called after every change once all is read, on the client's executor. It must not block.
  [[nodiscard]] Subscription on_change(std::function<void()> changed);

 private:
  Cache cache_;
};

enum class ProviderStrategy : std::uint8_t {
  kRoundRobin,
  kRandom,
  kSticky,  // the same one as long as it is there
};

struct ServiceProviderOptions {
  ProviderStrategy strategy = ProviderStrategy::kRoundRobin;
  // An instance with so many errors noted is skipped until `down_period` after the first of them.
  int errors_max = 2;
  std::chrono::milliseconds down_period{30'000};
  // Whether an instance may be chosen, besides being enabled and not down.
  std::function<bool(const ServiceInstance&)> filter{};
};

// Chooses an instance of a service. Thread-safe.
class ServiceProvider {
 public:
  ServiceProvider(Client client, const std::string& base, const std::string& name,
                  ServiceProviderOptions options = {});
  ServiceProvider(ServiceProvider&&) noexcept = default;
  ServiceProvider& operator=(ServiceProvider&&) = delete;
  ~ServiceProvider();

  // As Cache::start().
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto start(Token&& token = Token()) {
    return cache().start(std::forward<Token>(token));
  }
  void close() noexcept;
  // nullopt: there is none.
  [[nodiscard]] std::optional<ServiceInstance> get_instance();
  // All that may be chosen.
  [[nodiscard]] std::vector<ServiceInstance> all_instances() const;
  // The instance did not serve.
  void note_error(const ServiceInstance& instance);

 private:
  class State;

  [[nodiscard]] ServiceCache& cache();

  std::shared_ptr<State> state_;
};

}  // namespace drover
