#include "client/flows.h"

#include <drover/error_class.h>
#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "client/core.h"
#include "client/host_list.h"

namespace drover::client {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr int kParentRoundsMax = 10;     // containers may be reaped while we build on them
constexpr milliseconds kPatience{1000};  // between tries of what goes on in the background

// Awaits the answer of the call that `make(handler)` makes.
template <typename T, typename Make>
auto ask(const CorePtr& core, Make make) {
  asio::use_awaitable_t<> token;
  return detail::initiate<T>(core->executor(), token,
                             [core, make = std::move(make)](detail::Handler<T> handler) mutable {
                               core->begin(make(std::move(handler)));
                               core->flush();
                             });
}

auto pause(const CorePtr& core, milliseconds delay) {
  asio::use_awaitable_t<> token;
  return detail::initiate<void>(
      core->executor(), token, [core, delay](detail::Handler<void> handler) mutable {
        core->agenda().after(delay, [core, handler = std::move(handler)]() mutable {
          handler(Result<void>());
          core->flush();
        });
      });
}

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string joined(const std::string& parent, const std::string& name) {
  return parent == "/" ? "/" + name : parent + "/" + name;
}

// 36 characters with dashes (RFC 9562, version 4), as Curator's protected names have them.
std::string new_uuid(Core& core) {
  const std::uint64_t high = (core.random() & ~0xf000ULL) | 0x4000ULL;
  const std::uint64_t low = (core.random() & ~(3ULL << 62)) | (2ULL << 62);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff,
                     high & 0xffff, low >> 48, low & 0xffffffffffffULL);
}

// The children of `parent` whose names begin with `prefix`, as paths. This connection's server may
// be behind the one that was asked to create them, so it is brought up to date first; what was
// still under way there comes to nothing once the session is here.
asio::awaitable<Result<std::vector<std::string>>> find_prefixed(CorePtr core, Scope scope,
                                                                std::string parent,
                                                                std::string prefix) {
  auto synced = co_await ask<void>(
      core, [&](auto handler) { return sync_call(scope, parent, std::move(handler)); });
  if (!synced) co_return std::unexpected(synced.error());
  auto listing = co_await ask<Listing>(
      core, [&](auto handler) { return children_call(scope, parent, std::move(handler)); });
  std::vector<std::string> found;
  if (!listing && listing.error().code == ErrorCode::kNoNode) co_return found;
  if (!listing) co_return std::unexpected(listing.error());
  for (const auto& name : listing->names) {
    if (name.starts_with(prefix)) found.push_back(joined(parent, name));
  }
  co_return found;
}

bool is_unknown(const Error& error) {
  return error_class(error.code) == ErrorClass::kOutcomeUnknown ||
         error.code == ErrorCode::kSessionExpired;
}

}  // namespace

// --- parents

asio::awaitable<Result<void>> make_parents_flow(CorePtr core, Scope scope, std::string path,
                                                Parents parents, std::optional<AclList> acls) {
  const auto parent = parent_of(path);
  Error last{.code = ErrorCode::kNoNode, .message = "create parents of " + path, .path = path};
  for (int round = 0; round < kParentRoundsMax; ++round) {
    // From the deepest that is there downward.
    std::vector<std::string> missing;
    for (std::string at = parent; at != "/"; at = parent_of(at)) {
      auto stat = co_await ask<std::optional<Stat>>(
          core, [&](auto handler) { return exists_call(scope, at, std::move(handler)); });
      if (!stat) co_return std::unexpected(stat.error());
      if (*stat) break;
      missing.push_back(at);
    }
    bool is_done = true;
    while (!missing.empty() && is_done) {
      CreateCall create{.path = missing.back(),
                        .data = "",
                        .acls = acls.value_or(AclList{{perms::kAll, {"world", "anyone"}}})};
      if (parents == Parents::kContainer) create.mode = CreateMode::kContainer;
      auto made = co_await ask<Created>(
          core, [&](auto handler) { return create_call(scope, create, std::move(handler)); });
      if (!made && made.error().code == ErrorCode::kUnimplemented) {
        parents = Parents::kPersistent;  // a server before 3.5.3 knows no containers
        is_done = false;
      } else if (!made && made.error().code != ErrorCode::kNodeExists) {
        last = made.error();
        // Reaped, or unknown: look again. All else is final.
        if (last.code != ErrorCode::kNoNode && !is_unknown(last)) {
          co_return std::unexpected(last);
        }
        is_done = false;
      } else {
        missing.pop_back();
      }
    }
    if (is_done) co_return Result<void>();
  }
  co_return std::unexpected(last);
}

// --- create

namespace {

// A protected create whose answer is not known: is there a znode with its prefix? One that an
// earlier session left is removed. nullopt: none.
asio::awaitable<Result<std::optional<Created>>> find_protected(CorePtr core, Scope scope,
                                                               std::string parent,
                                                               std::string prefix,
                                                               bool is_ephemeral) {
  auto paths = co_await find_prefixed(core, scope, parent, prefix);
  if (!paths) co_return std::unexpected(paths.error());
  for (const auto& path : *paths) {
    auto stat = co_await ask<std::optional<Stat>>(
        core, [&](auto handler) { return exists_call(scope, path, std::move(handler)); });
    if (!stat) co_return std::unexpected(stat.error());
    if (!*stat) continue;
    if (!is_ephemeral || (*stat)->ephemeral_owner == core->session_id()) {
      co_return Created{.path = path, .stat = **stat};
    }
    asio::co_spawn(core->executor(), remove_for_sure_flow(core, scope, path), asio::detached);
  }
  co_return std::nullopt;
}

// What a protected create may have left is removed in the background.
asio::awaitable<Result<void>> clean_up_protected(CorePtr core, Scope scope, std::string parent,
                                                 std::string prefix) {
  while (true) {
    auto paths = co_await find_prefixed(core, scope, parent, prefix);
    if (paths) {
      for (const auto& path : *paths) {
        auto removed = co_await remove_for_sure_flow(core, scope, path);
        if (!removed) co_return removed;
      }
      co_return Result<void>();
    }
    const auto code = paths.error().code;
    if (core->is_closing() || code == ErrorCode::kNoAuth || code == ErrorCode::kAuthFailed) {
      co_return std::unexpected(paths.error());
    }
    co_await pause(core, kPatience);
  }
}

// The znode was there already.
asio::awaitable<Result<Created>> settle_existing(CorePtr core, Scope scope, CreateFlow flow,
                                                 Error exists) {
  const auto& path = flow.create.path;
  if (flow.exists == OnExists::kSetData) {
    auto stat = co_await ask<Stat>(core, [&](auto handler) {
      return set_call(scope, path, flow.create.data, flow.set_version, std::move(handler));
    });
    if (!stat) co_return std::unexpected(stat.error());
    co_return Created{.path = path, .stat = *stat};
  }
  if (flow.exists == OnExists::kAcceptIdentical) {
    auto node = co_await ask<Node>(core, [&](auto handler) {
      return get_call(scope, path, flow.decompressed_max, std::move(handler));
    });
    if (!node && node.error().code != ErrorCode::kCorruptPayload) {
      co_return std::unexpected(node.error());
    }
    if (node && node->stat.version == 0 && node->data == flow.plain_data) {
      co_return Created{.path = path, .stat = node->stat};
    }
  }
  co_return std::unexpected(exists);
}

}  // namespace

asio::awaitable<Result<Created>> create_flow(CorePtr core, Scope scope, CreateFlow flow) {
  const auto begun = core->now();
  const auto parent = parent_of(flow.create.path);
  const bool is_safe_to_repeat =
      flow.protect || (flow.exists != OnExists::kFail && !is_sequential(flow.create.mode));
  std::string prefix;
  CreateCall create = flow.create;
  create.is_retried = false;
  if (flow.protect) {
    prefix = "_c_" + new_uuid(*core) + "-";
    create.path = joined(parent, prefix + flow.create.path.substr(flow.create.path.rfind('/') + 1));
  }
  bool is_to_be_found = false;
  int parent_rounds = 0;
  for (int tries = 0;;) {
    Error error;
    if (is_to_be_found) {
      auto found = co_await find_protected(core, scope, parent, prefix, is_ephemeral(create.mode));
      if (found && *found) co_return std::move(**found);
      if (!found) {
        error = found.error();
      } else {
        is_to_be_found = false;
      }
    }
    if (!is_to_be_found) {
      auto made = co_await ask<Created>(
          core, [&](auto handler) { return create_call(scope, create, std::move(handler)); });
      if (made) co_return std::move(*made);
      error = made.error();
      if (error.code == ErrorCode::kNoNode && flow.parents != Parents::kNone &&
          parent_rounds++ < kParentRoundsMax) {
        auto above =
            co_await make_parents_flow(core, scope, create.path, flow.parents, flow.parent_acls);
        if (!above) co_return std::unexpected(above.error());
        continue;
      }
      if (error.code == ErrorCode::kNodeExists && flow.exists != OnExists::kFail) {
        auto settled = co_await settle_existing(core, scope, flow, error);
        // Gone again in between: it can be created now.
        if (settled || settled.error().code != ErrorCode::kNoNode) co_return settled;
        error = settled.error();
        error.code = ErrorCode::kSessionMoved;
      }
    }
    const bool is_repeatable = error_class(error.code) == ErrorClass::kNotApplied ||
                               (is_unknown(error) && is_safe_to_repeat);
    is_to_be_found = is_to_be_found || (flow.protect && is_unknown(error));
    std::optional<milliseconds> delay;
    if (is_repeatable && !core->is_closing()) {
      const auto elapsed = std::chrono::duration_cast<milliseconds>(core->now() - begun);
      delay = retry::next_delay(core->options().retry, tries++, elapsed, core->random());
    }
    if (!delay) {
      if (is_to_be_found) {
        asio::co_spawn(core->executor(), clean_up_protected(core, scope, parent, prefix),
                       asio::detached);
      }
      co_return std::unexpected(error);
    }
    co_await pause(core, *delay);
  }
}

// --- remove

asio::awaitable<Result<void>> remove_for_sure_flow(CorePtr core, Scope scope, std::string path) {
  while (true) {
    auto removed = co_await ask<void>(core, [&](auto handler) {
      return remove_call(scope, path, kAnyVersion, std::move(handler));
    });
    if (removed || removed.error().code == ErrorCode::kNoNode) co_return Result<void>();
    const auto known = error_class(removed.error().code);
    const bool may_follow = known == ErrorClass::kNotApplied ||
                            known == ErrorClass::kOutcomeUnknown ||
                            removed.error().code == ErrorCode::kSessionExpired;
    if (!may_follow || core->is_closing()) co_return removed;
    co_await pause(core, kPatience);
  }
}

namespace {

asio::awaitable<Result<void>> remove_tree(CorePtr core, Scope scope, std::string path,
                                          std::int32_t version) {
  while (true) {
    auto removed = co_await ask<void>(
        core, [&](auto handler) { return remove_call(scope, path, version, std::move(handler)); });
    if (removed || removed.error().code != ErrorCode::kNotEmpty) co_return removed;
    auto listing = co_await ask<Listing>(
        core, [&](auto handler) { return children_call(scope, path, std::move(handler)); });
    if (!listing) co_return std::unexpected(listing.error());
    for (const auto& name : listing->names) {
      auto below = co_await remove_tree(core, scope, joined(path, name), kAnyVersion);
      if (!below && below.error().code != ErrorCode::kNoNode) co_return below;
    }
  }
}

}  // namespace

asio::awaitable<Result<void>> remove_flow(CorePtr core, Scope scope, std::string path,
                                          RemoveOptions options) {
  Result<void> removed;
  if (options.recursive) {
    removed = co_await remove_tree(core, scope, path, options.version);
  } else {
    removed = co_await ask<void>(core, [&](auto handler) {
      return remove_call(scope, path, options.version, std::move(handler));
    });
  }
  if (removed) co_return removed;
  const auto code = removed.error().code;
  if (code == ErrorCode::kNoNode && options.missing_ok) co_return Result<void>();
  const auto known = error_class(code);
  if (options.guaranteed &&
      (known == ErrorClass::kNotApplied || known == ErrorClass::kOutcomeUnknown ||
       code == ErrorCode::kSessionExpired)) {
    asio::co_spawn(core->executor(), remove_for_sure_flow(core, scope, path), asio::detached);
  }
  co_return removed;
}

// --- set, get

asio::awaitable<Result<Stat>> set_identical_flow(CorePtr core, Scope scope, SetFlow flow) {
  auto stat = co_await ask<Stat>(core, [&](auto handler) {
    auto call = set_call(scope, flow.path, flow.data, flow.version, std::move(handler));
    call->repeat = Repeat::kAlways;
    return call;
  });
  if (stat || stat.error().code != ErrorCode::kBadVersion) co_return stat;
  auto node = co_await ask<Node>(core, [&](auto handler) {
    return get_call(scope, flow.path, flow.decompressed_max, std::move(handler));
  });
  if (node && node->data == flow.plain_data && node->stat.version == flow.version + 1) {
    co_return node->stat;
  }
  co_return stat;
}

asio::awaitable<Result<Node>> sync_and_get_flow(CorePtr core, Scope scope, std::string path,
                                                std::optional<std::size_t> decompressed_max) {
  auto synced = co_await ask<void>(
      core, [&](auto handler) { return sync_call(scope, path, std::move(handler)); });
  if (!synced) co_return std::unexpected(synced.error());
  co_return co_await ask<Node>(core, [&](auto handler) {
    return get_call(scope, path, decompressed_max, std::move(handler));
  });
}

// --- the ensemble

asio::awaitable<void> track_ensemble_flow(CorePtr core) {
  while (!core->is_closing()) {
    auto config = co_await ask<Watched<Node>>(core, [&](auto handler) {
      auto call =
          watch_data_call(Scope(), std::string(kConfigPath), std::nullopt, std::move(handler));
      call->is_retried = false;
      return call;
    });
    if (config) {
      core->replace_hosts(hosts_of_config(as_text(config->value.data)));
      core->flush();
      co_await config->changed.fired();
      continue;
    }
    const auto code = config.error().code;
    // A server that has none, or does not show it to us, will not tell later either.
    if (code == ErrorCode::kNoNode || code == ErrorCode::kNoAuth ||
        code == ErrorCode::kAuthFailed || code == ErrorCode::kClosed) {
      co_return;
    }
    co_await pause(core, kPatience);
  }
}

}  // namespace drover::client
