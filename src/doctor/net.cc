#include "doctor/net.h"

#include <fmt/format.h>
#include <ifaddrs.h>
#include <netdb.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <ctime>
#include <future>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "toolbox/four_letter_word.h"

namespace drover::doctor {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Address = asio::ip::address;

struct Resolved {
  std::vector<Address> addresses;
  std::string error;  // empty: it has addresses
};

std::vector<Address> addresses_of(const addrinfo* list) {
  std::vector<Address> found;
  for (; list != nullptr; list = list->ai_next) {
    tcp::endpoint endpoint;
    if (list->ai_addrlen > endpoint.capacity()) continue;
    std::memcpy(endpoint.data(), list->ai_addr, list->ai_addrlen);
    if (std::find(found.begin(), found.end(), endpoint.address()) == found.end()) {
      found.push_back(endpoint.address());
    }
  }
  return found;
}

Resolved resolve_one(const std::string& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(name.c_str(), nullptr, &hints, &list);
  if (error != 0) return {.addresses = {}, .error = ::gai_strerror(error)};
  Resolved resolved{.addresses = addresses_of(list), .error = {}};
  ::freeaddrinfo(list);
  return resolved;
}

// All names at once, for no longer than `timeout`. A query cannot be cancelled: each has a thread
// that owns what it writes to and is left behind when it takes too long.
std::map<std::string, Resolved> resolve(const std::set<std::string>& names,
                                        std::chrono::milliseconds timeout) {
  std::map<std::string, std::future<Resolved>> asked;
  for (const std::string& name : names) {
    std::promise<Resolved> answer;
    asked.emplace(name, answer.get_future());
    std::thread([name, answer = std::move(answer)]() mutable {
      answer.set_value(resolve_one(name));
    }).detach();
  }
  const auto end = std::chrono::steady_clock::now() + timeout;
  std::map<std::string, Resolved> found;
  for (auto& [name, answer] : asked) {
    if (answer.wait_until(end) == std::future_status::ready) {
      found.emplace(name, answer.get());
    } else {
      found[name].error = fmt::format("no answer within {} ms", timeout.count());
    }
  }
  return found;
}

std::set<Address> local_addresses() {
  std::set<Address> found;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return found;
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr) continue;
    const int family = at->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    tcp::endpoint endpoint;
    std::memcpy(endpoint.data(), at->ifa_addr,
                family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    found.insert(endpoint.address());
  }
  ::freeifaddrs(list);
  return found;
}

// Empty: somebody listens. Otherwise why not.
std::string connect_error(const Address& address, std::uint16_t port,
                          std::chrono::milliseconds timeout) {
  asio::io_context context;
  tcp::socket socket(context);
  std::optional<boost::system::error_code> result;
  socket.async_connect({address, port}, [&](const auto& error) { result = error; });
  context.run_for(timeout);
  if (!result) return fmt::format("no answer within {} ms", timeout.count());
  return *result ? result->message() : std::string();
}

// The Date of an HTTP answer, seconds since 1970.
std::optional<std::time_t> http_date(const Address& address, std::uint16_t port,
                                     const std::string& path, std::chrono::milliseconds timeout) {
  tcp::iostream stream;
  stream.expires_after(timeout);
  stream.connect(tcp::endpoint(address, port));
  stream << "GET " << path << " HTTP/1.0\r\nHost: " << address.to_string() << "\r\n\r\n"
         << std::flush;
  for (std::string line; std::getline(stream, line) && line != "\r";) {
    constexpr std::string_view kName = "date: ";
    std::string name = line.substr(0, kName.size());
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (name != kName) continue;
    std::tm time{};
    if (::strptime(line.c_str() + kName.size(), "%a, %d %b %Y %H:%M:%S", &time) == nullptr) break;
    return ::timegm(&time);
  }
  return std::nullopt;
}

std::string mode_in(const std::string& srvr) {
  constexpr std::string_view kMode = "Mode: ";
  const auto at = srvr.find(kMode);
  if (at == std::string::npos) return {};
  return srvr.substr(at + kMode.size(), srvr.find('\n', at) - at - kMode.size());
}

class NetCheck {
 public:
  NetCheck(const server::Config& config, const RunningServer& running, const NetOptions& options)
      : config_(config), running_(running), options_(options) {}

  file_tools::Findings run() {
    own_ports();
    if (!config_.distributed()) return std::move(findings_);
    names();
    for (const auto& [sid, member] : config_.ensemble.members) {
      if (sid != config_.self) peer(sid, member);
    }
    if (listening_leaders_ == 0 && peers_up_ > 0 && running_.pid == 0) {
      add(file_tools::Severity::kWarning, "net.no-leader",
          "no member listens on its quorum port: the ensemble has no leader at this moment",
          "wait for the election; zkServer.sh status on each member tells its role");
    }
    return std::move(findings_);
  }

 private:
  void add(file_tools::Severity severity, const char* code, std::string what,
           std::string step = {}) {
    findings_.push_back({.severity = severity,
                         .code = code,
                         .what = std::move(what),
                         .next_step = std::move(step)});
  }

  // ---- this server's own ports

  void own_ports() {
    if (config_.client_port > 0) {
      own_port("clientPort", config_.client_port_address, config_.client_port, true);
    }
    const auto* self = config_.ensemble.find(config_.self);
    if (config_.distributed() && self != nullptr) {
      // Only a leader listens on the quorum port; the election port is always open.
      own_port("quorum port", "", self->quorum.port, false);
      own_port("election port", "", self->election.port, false);
    }
  }

  void own_port(std::string_view key, const std::string& host, int port, bool for_clients) {
    boost::system::error_code error;
    asio::io_context context;
    const Address any = asio::ip::address_v4::any();
    const Address address = host.empty() ? any : asio::ip::make_address(host, error);
    if (error) return;  // a name: the server resolves it itself
    const tcp::endpoint endpoint(address, static_cast<std::uint16_t>(port));
    tcp::acceptor acceptor(context);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    // Not listen(): a server that starts at this moment gets the port all the same.
    if (!error) acceptor.bind(endpoint, error);
    if (!error) {
      acceptor.close();
      if (running_.pid != 0 && for_clients) {
        add(file_tools::Severity::kProblem, "net.not-serving",
            fmt::format("{} {}: process {} runs on the data directory and does not listen there",
                        key, port, running_.pid),
            "its log tells why; was zoo.cfg changed since it started?");
      } else {
        add(file_tools::Severity::kOk, "net.port-free", fmt::format("{} {} is free", key, port));
      }
      return;
    }
    taken(key, address == any ? asio::ip::address_v4::loopback() : address, port, for_clients,
          error.message());
  }

  void taken(std::string_view key, const Address& address, int port, bool for_clients,
             const std::string& error) {
    if (for_clients) {
      const auto answer = toolbox::four_letter_word(
          {address.to_string(), static_cast<std::uint16_t>(port)}, "srvr", options_.timeout);
      if (answer && answer->starts_with("Zookeeper version")) {
        const bool ours = running_.pid != 0;
        return add(ours ? file_tools::Severity::kOk : file_tools::Severity::kWarning, "net.serving",
                   fmt::format("{} {}: a server answers, Mode: {}", key, port, mode_in(*answer)),
                   ours ? "" : "it does not use this data directory: two servers want one port");
      }
    }
    if (running_.pid != 0) {
      return add(file_tools::Severity::kOk, "net.port-ours",
                 fmt::format("{} {} is open", key, port));
    }
    add(file_tools::Severity::kProblem, "net.port-taken",
        fmt::format("{} {}: {}", key, port, error),
        fmt::format("ss -ltnp 'sport = :{}' names the process that has it", port));
  }

  // ---- members

  void names() {
    std::set<std::string> hosts;
    for (const auto& [sid, member] : config_.ensemble.members) {
      hosts.insert(member.quorum.host);
      hosts.insert(member.election.host);
    }
    resolved_ = resolve(hosts, options_.timeout);
    const auto local = local_addresses();
    const bool one_machine = std::all_of(resolved_.begin(), resolved_.end(), [](const auto& entry) {
      const auto& addresses = entry.second.addresses;
      return std::all_of(addresses.begin(), addresses.end(),
                         [](const Address& a) { return a.is_loopback(); });
    });
    for (const auto& [sid, member] : config_.ensemble.members) {
      name(sid, member, local, one_machine);
    }
  }

  void name(zab::ServerId sid, const zab::Member& member, const std::set<Address>& local,
            bool one_machine) {
    const std::string& host = member.quorum.host;
    const std::string line = fmt::format("server.{}={}", sid.value, host);
    const Resolved& resolved = resolved_[host];
    if (!resolved.error.empty() || resolved.addresses.empty()) {
      return add(file_tools::Severity::kProblem, "net.dns",
                 fmt::format("{}: {}", line, resolved.error),
                 fmt::format("getent hosts {}; put it into DNS or /etc/hosts", host));
    }
    const auto is_local = [&](const Address& a) { return a.is_loopback() || local.contains(a); };
    const bool loopback = std::any_of(resolved.addresses.begin(), resolved.addresses.end(),
                                      [](const Address& a) { return a.is_loopback(); });
    const std::string where = resolved.addresses.front().to_string();
    if (loopback && !one_machine) {
      add(file_tools::Severity::kProblem, "net.loopback",
          fmt::format("{} is {} on this machine: {}", line, where,
                      sid == config_.self ? "the other members cannot reach it there"
                                          : "that is this machine, not the member"),
          "take the name out of the 127.0.1.1 line of /etc/hosts");
    } else if (sid == config_.self &&
               std::none_of(resolved.addresses.begin(), resolved.addresses.end(), is_local)) {
      add(file_tools::Severity::kWarning, "net.not-here",
          fmt::format("{} is {}, which is no address of this machine", line, where),
          "is myid right? Behind NAT or in a container this is as it should be, with "
          "quorumListenOnAllIPs=true");
    } else {
      add(file_tools::Severity::kOk, "net.dns", fmt::format("{} is {}", line, where));
    }
  }

  void peer(zab::ServerId sid, const zab::Member& member) {
    const auto& addresses = resolved_[member.election.host].addresses;
    if (addresses.empty()) return;
    const Address& address = addresses.front();
    const std::string error = connect_error(address, member.election.port, options_.timeout);
    if (!error.empty()) {
      const bool silent = error.starts_with("no answer");
      return add(file_tools::Severity::kWarning, "net.peer",
                 fmt::format("server {} does not answer on its election port, {}: {}", sid.value,
                             member.election.text(), error),
                 silent ? "a firewall that drops packets, or the machine is down"
                        : "is it running? zkServer.sh status there");
    }
    ++peers_up_;
    const bool leads = connect_error(address, member.quorum.port, options_.timeout).empty();
    if (leads) ++listening_leaders_;
    add(file_tools::Severity::kOk, "net.peer",
        fmt::format("server {} answers on its election port{}", sid.value,
                    leads ? ", and on its quorum port as a leader does" : ""));
    skew(sid, address);
  }

  void skew(zab::ServerId sid, const Address& address) {
    if (config_.admin_port <= 0) return;
    const auto date = http_date(address, static_cast<std::uint16_t>(config_.admin_port),
                                config_.admin_command_url + "/ruok", options_.timeout);
    if (!date) return;
    constexpr std::int64_t kSkewMax = 2;  // seconds; the header has whole ones
    const std::int64_t seconds = *date - std::time(nullptr);
    if (std::abs(seconds) > kSkewMax) {
      add(file_tools::Severity::kWarning, "net.skew",
          fmt::format("the clock of server {} is {} s {}", sid.value, std::abs(seconds),
                      seconds > 0 ? "ahead" : "behind"),
          "timedatectl on both; chrony or systemd-timesyncd keeps clocks together");
    } else {
      add(file_tools::Severity::kOk, "net.skew",
          fmt::format("the clock of server {} agrees", sid.value));
    }
  }

  const server::Config& config_;
  const RunningServer& running_;
  const NetOptions& options_;
  file_tools::Findings findings_;
  std::map<std::string, Resolved> resolved_;
  int peers_up_ = 0;
  int listening_leaders_ = 0;
};

}  // namespace

file_tools::Findings check_net(const server::Config& config, const RunningServer& running,
                               const NetOptions& options) {
  return NetCheck(config, running, options).run();
}

}  // namespace drover::doctor
