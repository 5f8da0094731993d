#include "shell/help.h"

#include <fmt/format.h>

#include <algorithm>

namespace drover::shell {
namespace {

struct Help {
  std::string_view name;
  std::string_view summary;
  std::string_view more;     // lines, or nothing
  std::string_view example;  // lines
};

constexpr std::string_view kAclHelp =
    "An ACL is scheme:id:perms, several with commas between; perms are letters of cdrwa: create, "
    "delete\n"
    "children, read, write, administer. Schemes: world:anyone, auth: (all that this session is "
    "known as),\n"
    "digest:user:hash, ip:address[/bits].";

constexpr std::string_view kLeaveSummary = "leave; the session is closed";  // two names, one thing

constexpr Help kHelps[] = {
    {"addWatch", "watch a path for good: every change, not only the first",
     "Modes: PERSISTENT (the znode and its children) and PERSISTENT_RECURSIVE (everything below, "
     "the default).\n"
     "A mode once given stays for later calls. removewatches ends it.",
     "addWatch -m PERSISTENT /app"},
    {"addauth", "say who you are",
     "Schemes: digest with user:password. Refused credentials end the session.",
     "addauth digest alice:secret"},
    {"close", "end the session; its ephemeral znodes go", "`connect` begins another.", "close"},
    {"config", "the members of the ensemble", "", "config -c"},
    {"connect", "begin a new session, perhaps elsewhere", "", "connect zoo2:2181,zoo3:2181/app"},
    {"create", "make a znode", kAclHelp,
     "create /app/config 'some text'\ncreate -e -s /app/workers/w-\n"
     "create /app/secret x digest:alice:hash=:cdrwa,world:anyone:r"},
    {"delete", "remove a znode that has no children", "", "delete -v 3 /app/config"},
    {"deleteall", "remove a znode and everything below it",
     "In multis of the batch size (1000), leaves first; 0: one by one.", "deleteall /app"},
    {"delquota", "remove a quota, or one limit of it", "", "delquota /app"},
    {"exit", kLeaveSummary, "", "exit"},
    {"export", "write a subtree into a file",
     "JSON, an object a line: data in base64, ACLs, which were ephemeral. No file, or -: "
     "standard output.\n"
     "A file is whole or not there. The server's own /zookeeper is left out of an export of /.\n"
     "Containers and znodes with a TTL look like persistent ones to every client, and become such.",
     "export /app app.json"},
    {"find", "search a subtree",
     "All of what is asked must hold. Patterns know * ? [a-z]; put them in quotes.",
     "find /app -name 'w-*' -ephemeral\nfind / -size +10k -s\nfind /app -data '^port=80(80|81)$'"},
    {"get", "the data of a znode", "Data that is null prints as null.", "get -s /app/config"},
    {"getAcl", "who may do what with a znode", "", "getAcl /app/config"},
    {"getAllChildrenNumber", "count everything below a path", "", "getAllChildrenNumber /app"},
    {"getEphemerals", "the ephemeral znodes of this session", "", "getEphemerals /app"},
    {"help", "what there is, and how it is used", "", "help create"},
    {"history", "the last eleven commands with their numbers", "", "history"},
    {"import", "make a subtree of a file that export wrote",
     "The whole file is read, and the tree compared with it, before anything is changed. Each "
     "znode done is a line;\n"
     "when a step fails, the error says what was done until then. Ephemeral znodes are left out "
     "unless -e.",
     "import --dry-run app.json\nimport -p app.json /copy/of/app"},
    {"listquota", "the quota of a path and what is used of it", "", "listquota /app"},
    {"ls", "the children of a znode", "-R lists everything below.", "ls -s /app"},
    {"printwatches", "show events as they come, or not", "", "printwatches off"},
    {"quit", kLeaveSummary, "", "quit"},
    {"reconfig", "change the members of the ensemble",
     "Servers as in zoo.cfg: server.5=host:2888:3888;2181. -v: only if the configuration has that "
     "version (hexadecimal).",
     "reconfig -add server.5=zoo5:2888:3888;2181\nreconfig -remove 3"},
    {"redo", "run a command of the history again", "", "redo 4"},
    {"removewatches", "forget watches that this session has",
     "-c of children, -d of data, -p persistent, -r persistent recursive, -a any (the default).",
     "removewatches /app -d"},
    {"set", "change the data of a znode", "-v: only if the data has that version.",
     "set /app/config 'new text' -v 3"},
    {"setAcl", "change who may do what", kAclHelp, "setAcl -R /app auth::cdrwa,world:anyone:r"},
    {"setquota", "limit what a subtree may hold",
     "-n znodes, -b bytes of data: the server only logs more. -N and -B: the server refuses more.",
     "setquota -N 1000 /app"},
    {"stat", "the figures of a znode", "", "stat /app/config"},
    {"sync", "let the server catch up with the leader first", "", "sync /app"},
    {"top", "the ensemble live: who leads, requests, latency, watches, lag",
     "Asks srvr and mntr of every server in /zookeeper/config, else of the connect string; "
     "4lw.commands.whitelist\n"
     "of the servers must name both. q ends it. LAG: transactions behind the newest server.",
     "top\ntop --once --json"},
    {"tree", "draw a subtree", "", "tree /app -d 2 -s"},
    {"version", "the version of this shell", "", "version"},
    {"watch", "follow everything below a path live, until Ctrl-C",
     "-v shows data, -n and -t end it by themselves.", "watch /app -v\nwatch /app -n 1 -t 30"},
    {"whoami", "what the server knows this session as", "", "whoami"},
};

const Help* find_help(std::string_view name) {
  const auto* found = std::find_if(std::begin(kHelps), std::end(kHelps),
                                   [&](const Help& help) { return help.name == name; });
  return found == std::end(kHelps) ? nullptr : found;
}

std::string indented(std::string_view lines, std::string_view before) {
  std::string text;
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    text += fmt::format("{}{}\n", before, lines.substr(0, end));
    lines = end == std::string_view::npos ? std::string_view() : lines.substr(end + 1);
  }
  return text;
}

std::string option_line(const OptionSpec& option) {
  auto names = fmt::format("-{}", option.name);
  if (!option.long_name.empty()) names += fmt::format(", --{}", option.long_name);
  if (option.takes_value) names += " value";
  return fmt::format("  {:<20}  {}\n", names, option.description);
}

}  // namespace

std::string_view command_summary(std::string_view name) {
  const auto* help = find_help(name);
  return help == nullptr ? std::string_view() : help->summary;
}

std::string command_help(const Command& command) {
  auto text = fmt::format("{}: {}\n\n  {}{}{}\n", command.name, command_summary(command.name),
                          command.name, command.syntax.empty() ? "" : " ", command.syntax);
  if (!command.options.empty()) text += "\n";
  for (const auto& option : command.options) text += option_line(option);
  const auto* help = find_help(command.name);
  if (help == nullptr) return text;
  if (!help->more.empty()) text += "\n" + indented(help->more, "");
  text +=
      fmt::format("\nExample{}\n", help->example.find('\n') == std::string_view::npos ? "" : "s");
  return text + indented(help->example, "  ");
}

std::string all_help() {
  std::string text;
  for (const auto* command : all_commands()) {
    text += fmt::format("  {:<21} {}\n", command->name, command_summary(command->name));
  }
  return text +
         "\n`help <command>` tells more. --json anywhere in a command asks for its answer as "
         "JSON.\n";
}

}  // namespace drover::shell
