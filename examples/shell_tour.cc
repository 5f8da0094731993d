// shell_tour: the first hour with zkCli, command by command, and what it shows.
//
// The comment above each call is the command; the output is zkCli's. The last client has no
// credentials, and is refused.
//
//     /china                    persistent, data 999 and then 888; at last open to zs:123 alone
//     /china/beijing<sequence>  persistent sequential, data bj; so shanghai (sh), guangzhou (gz)
//     /china/aaa, bbb, ccc      ephemeral: they go with the session, here when the program ends
//
// The rest stays, so that you can look at it: `addauth digest zs:123` first. The next tour removes
// it.

#include <ctime>

#include "support/program.h"

namespace {

using drover::block;
using drover::CreateMode;
using drover::value_or_throw;

void create(drover::Client& client, const std::string& path, std::string_view data,
            CreateMode mode) {
  const auto made = client.create(path, drover::as_bytes(data), {.mode = mode}, block);
  // With -s the path is not the one that was asked for: the server appends a number, which grows
  // with every child that /china ever had.
  example::print("Created ", value_or_throw(made).path);
}

std::string date(std::int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm local{};
  localtime_r(&seconds, &local);
  char text[64];
  return {text, std::strftime(text, sizeof text, "%a %b %d %H:%M:%S %Z %Y", &local)};
}

std::string hexadecimal(std::int64_t number) {
  std::ostringstream text;
  text << "0x" << std::hex << number;
  return text.str();
}

void get_with_stat(drover::Client& client, const std::string& path) {
  const drover::Node node = value_or_throw(client.get(path, {}, block));
  const drover::Stat& stat = node.stat;
  example::print(drover::as_text(node.data));
  example::print("cZxid = ", hexadecimal(stat.czxid));  // the transaction that created it
  example::print("ctime = ", date(stat.ctime));
  example::print("mZxid = ", hexadecimal(stat.mzxid));  // the one that last set its data
  example::print("mtime = ", date(stat.mtime));
  example::print("pZxid = ", hexadecimal(stat.pzxid));  // that last made or removed a child
  example::print("cversion = ", stat.cversion);         // changes of its children
  example::print("dataVersion = ", stat.version);       // changes of its data
  example::print("aclVersion = ", stat.aversion);
  example::print("ephemeralOwner = ", hexadecimal(stat.ephemeral_owner));  // 0: persistent
  example::print("dataLength = ", stat.data_length);
  example::print("numChildren = ", stat.num_children);
}

void shell_tour(const example::Arguments& arguments) {
  drover::Client client = example::open(arguments);
  // addauth digest zs:123
  value_or_throw(client.add_auth({"digest", drover::to_bytes("zs:123")}, block));
  // deleteall /china, if there is one
  value_or_throw(client.remove("/china", {.recursive = true, .missing_ok = true}, block));

  // create /china 999
  create(client, "/china", "999", CreateMode::kPersistent);
  // create -s /china/beijing bj ..
  create(client, "/china/beijing", "bj", CreateMode::kPersistentSequential);
  create(client, "/china/shanghai", "sh", CreateMode::kPersistentSequential);
  create(client, "/china/guangzhou", "gz", CreateMode::kPersistentSequential);
  // create -e /china/aaa ..
  create(client, "/china/aaa", "", CreateMode::kEphemeral);
  create(client, "/china/bbb", "", CreateMode::kEphemeral);
  create(client, "/china/ccc", "", CreateMode::kEphemeral);

  // get -s /china; set /china 888; get -s /china
  get_with_stat(client, "/china");
  value_or_throw(client.set("/china", drover::as_bytes("888"), {}, block));
  get_with_stat(client, "/china");

  // delete /china
  const auto removed = client.remove("/china", {}, block);
  if (!removed && removed.error().code == drover::ErrorCode::kNotEmpty) {
    example::print("Node not empty: /china");
  }

  // setAcl /china auth:zs:123:cdrwa. The scheme `auth` means whoever this session has shown itself
  // to be by addauth; the server stores the digest of name and password, as nobody else may see it.
  const drover::AclList acls = {{.perms = drover::perms::kAll, .id = {"auth", "zs:123"}}};
  value_or_throw(client.set_acls("/china", acls, drover::kAnyVersion, block));

  // get /china, in another zkCli without addauth
  drover::Client stranger = example::open(arguments);
  const auto refused = stranger.get("/china", {}, block);
  if (!refused && refused.error().code == drover::ErrorCode::kNoAuth) example::print("NoAuth");
}

}  // namespace

int main(int argc, char** argv) {
  const auto accepts = [](const example::Arguments& arguments) { return arguments.words.empty(); };
  return example::run(argc, argv, {.usage = "shell_tour", .accepts = accepts}, shell_tour);
}
