// A peer that speaks the line protocol of ../README.md with Drover's client behind it: one request
// per line on stdin, answers and events as lines on stdout. Requests of one `thread` are done in
// order on a thread of their own.

#include <cstdlib>
#include <iostream>
#include <map>
#include <string>

#include "client_subject.h"
#include "subjects.h"
#include "worker.h"

namespace peer {
namespace {

class Peer {
 public:
  void serve() {
    for (std::string line; std::getline(std::cin, line);) {
      auto request = std::make_shared<Request>(line);
      const std::string fallback = request->text("on", request->text("client", "main"));
      const std::string thread = request->text("thread", fallback);
      workers_.try_emplace(thread).first->second.post([this, request] { answer(*request); });
    }
  }

 private:
  void answer(const Request& request) {
    const std::int64_t start = now();
    try {
      talk_.answer(request.serial(), start, perform(request));
    } catch (...) {
      talk_.fail(request.serial(), start, std::current_exception());
    }
  }

  boost::json::value perform(const Request& request) {
    const std::string op = request.text("op");
    const std::string client = request.text("client", "main");
    if (op == "connect") {
      auto connected = std::make_shared<ClientSubject>(request, Events(talk_, client));
      const std::int64_t session = connected->client().session_id();
      put(clients_, client, std::move(connected));
      return session;
    }
    if (op == "new") {
      const std::string on = request.text("on");
      const auto others = [this](std::string_view name) { return find(subjects_, name); };
      put(subjects_, on,
          make_subject({request, find(clients_, client)->client(), Events(talk_, on), others}));
      return nullptr;
    }
    if (request.has("on")) return find(subjects_, request.text("on"))->call(op, request);
    return find(clients_, client)->call(op, request);
  }

  template <typename T>
  using Named = std::map<std::string, std::shared_ptr<T>, std::less<>>;

  template <typename T>
  std::shared_ptr<T> find(const Named<T>& all, std::string_view name) {
    const std::lock_guard lock(mutex_);
    const auto found = all.find(name);
    if (found == all.end()) {
      throw std::invalid_argument("nothing is called " + std::string(name));
    }
    return found->second;
  }

  template <typename T>
  void put(Named<T>& all, const std::string& name, std::shared_ptr<T> made) {
    const std::lock_guard lock(mutex_);
    all[name] = std::move(made);
  }

  Talk talk_;
  std::mutex mutex_;
  Named<ClientSubject> clients_;           // under mutex_
  Named<Subject> subjects_;                // under mutex_; they go before their clients
  std::map<std::string, Worker> workers_;  // the reader's
};

}  // namespace
}  // namespace peer

int main() {
  peer::Peer peer;
  peer.serve();
  // Workers may wait for what never comes: like a process that is killed, this one leaves as it is.
  std::_Exit(0);
}
