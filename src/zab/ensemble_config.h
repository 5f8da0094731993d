#pragma once
// Who belongs to the ensemble: `server.N=` lines as values, parsed from and printed to the text
// that travels in notifications and NEWLEADER and stands in /zookeeper/config (QuorumMaj.toString).

#include <drover/result.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "zab/ids.h"

namespace drover::zab {

struct Address {
  std::string host;  // a name or a literal, IPv6 without brackets
  std::uint16_t port = 0;
  friend auto operator<=>(const Address&, const Address&) = default;
  [[nodiscard]] std::string text() const;  // host:port, IPv6 in brackets
  // nullopt: no host, or no port of 1..65535. IPv6 may come without brackets, as 3.5 prints it.
  static std::optional<Address> parse(std::string_view text);
  // 0.0.0.0 or ::, which says nothing about where a server can be reached.
  [[nodiscard]] bool is_wildcard() const;
};

struct Member {
  ServerId sid;
  Address quorum;  // where a leader listens
  Address election;
  bool observer = false;
  std::optional<Address> client;  // only when the line names it
  friend bool operator==(const Member&, const Member&) = default;
};

struct EnsembleConfig {
  std::map<ServerId, Member> members;
  // Hierarchical quorums: sid -> group, sid -> weight. Empty groups: a majority decides.
  std::map<ServerId, std::int64_t> groups;
  std::map<ServerId, std::int64_t> weights;
  std::int64_t version = 0;

  [[nodiscard]] bool is_voter(ServerId sid) const;  // a member that is no observer
  [[nodiscard]] std::set<ServerId> voters() const;
  [[nodiscard]] const Member* find(ServerId sid) const;

  // `server.1=host:2888:3888:participant;0.0.0.0:2181\n...version=0`, ascending by sid, without a
  // newline at the end.
  [[nodiscard]] std::string text() const;
  // Java properties, as far as such texts use them. Errors name the line and what was expected.
  // Refuses a key that is none of server, group, weight and version, a member named twice, more
  // than 64 voters, and groups that are not whole.
  static Result<EnsembleConfig> parse(std::string_view text);
};

// The value of one `server.N=` line. `sid` is used in messages. Refuses what Apache refuses: the
// two-part form, equal ports, several addresses (`|`), an unknown role.
Result<Member> parse_member(ServerId sid, std::string_view value);

}  // namespace drover::zab
