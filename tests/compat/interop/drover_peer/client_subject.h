#pragma once
// One client: a session, its states told as events, and the requests that need no recipe.

#include <drover/client.h>

#include "subject.h"

namespace peer {

class ClientSubject : public Subject {
 public:
  // Connects, or throws.
  ClientSubject(const Request& request, Events events);

  [[nodiscard]] const drover::Client& client() const { return client_; }
  boost::json::value call(std::string_view op, const Request& request) override;

 private:
  boost::json::value create(const Request& request);
  boost::json::value get(const Request& request);
  boost::json::value set(const Request& request);
  boost::json::value remove(const Request& request);
  boost::json::value exists(const Request& request);
  boost::json::value children(const Request& request);
  boost::json::value watch(const Request& request);
  boost::json::value transaction(const Request& request);
  template <typename T>
  T await_change(drover::Watched<T> watched);

  Events events_;
  drover::Client client_;
  drover::Subscription states_;
};

// The operations of `list`: [{op, path, data, version}].
drover::Transaction to_transaction(const boost::json::value& list);

// create's and persistent_node's `mode`, in ZooKeeper's words.
drover::CreateMode to_mode(std::string_view name);

}  // namespace peer
