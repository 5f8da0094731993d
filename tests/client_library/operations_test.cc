// The client's everyday operations against a real server, in all styles.
#include <drover/client.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <thread>
#include <vector>

#include "client_library/fixture.h"

namespace drover {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using testing::UnorderedElementsAre;

using ClientOperationsTest = ClientLibraryTest;

TEST_F(ClientOperationsTest, BlockingCallsDoEverydayWork) {
  Client client = open();
  auto made = client.create(at("/a"), as_bytes("one"), {}, block);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->path, at("/a"));
  EXPECT_EQ(made->stat.data_length, 3);

  auto node = client.get(at("/a"), {}, block);
  ASSERT_TRUE(node) << node.error().message;
  EXPECT_EQ(as_text(node->data), "one");

  auto stat = client.set(at("/a"), as_bytes("other"), {.version = 0}, block);
  ASSERT_TRUE(stat) << stat.error().message;
  EXPECT_EQ(stat->version, 1);

  auto there = client.exists(at("/a"), block);
  ASSERT_TRUE(there && *there);
  EXPECT_EQ((*there)->version, 1);
  auto absent = client.exists(at("/b"), block);
  ASSERT_TRUE(absent);
  EXPECT_FALSE(*absent);

  ASSERT_TRUE(client.create(at("/a/x"), as_bytes(""), {}, block));
  ASSERT_TRUE(client.create(at("/a/y"), as_bytes(""), {}, block));
  auto listing = client.children(at("/a"), block);
  ASSERT_TRUE(listing);
  EXPECT_THAT(listing->names, UnorderedElementsAre("x", "y"));
  EXPECT_EQ(listing->stat.num_children, 2);

  EXPECT_TRUE(client.sync(at("/a"), block));
  auto acls = client.acls(at("/a"), block);
  ASSERT_TRUE(acls);
  EXPECT_THAT(acls->acls, ElementsAre(Acl{perms::kAll, {"world", "anyone"}}));
  EXPECT_TRUE(client.remove(at("/a/x"), {}, block));
  EXPECT_FALSE(*client.exists(at("/a/x"), block));
}

TEST_F(ClientOperationsTest, FuturesAndCallbacksAnswerTheSame) {
  Client client = open();
  auto made = client.create(at("/a"), as_bytes("x"), {}, asio::use_future);
  auto read = client.get(at("/a"), {}, asio::use_future);
  auto missing = client.get(at("/b"), {}, asio::use_future);
  ASSERT_TRUE(made.get());
  EXPECT_EQ(as_text(read.get()->data), "x");
  EXPECT_EQ(missing.get().error().code, ErrorCode::kNoNode);

  std::promise<std::string> told;
  client.get(at("/a"), {}, [&](const Result<Node>& node) {
    told.set_value(node ? std::string(as_text(node->data)) : node.error().message);
  });
  EXPECT_EQ(told.get_future().get(), "x");
}

asio::awaitable<Result<std::string>> write_and_read(Client client, std::string path) {
  auto made = co_await client.create(path, as_bytes("by a coroutine"),
                                     {.mode = CreateMode::kEphemeralSequential});
  if (!made) co_return std::unexpected(made.error());
  auto node = co_await client.get(made->path);
  if (!node) co_return std::unexpected(node.error());
  co_return std::string(as_text(node->data));
}

asio::awaitable<Result<std::string>> write_read_and_close(Client client, std::string path) {
  auto text = co_await write_and_read(client, path);
  auto closed = co_await client.close();
  if (!closed) co_return std::unexpected(closed.error());
  co_return text;
}

TEST_F(ClientOperationsTest, ACoroutineRunsOnTheUsersOwnContext) {
  asio::io_context io;
  Client client(io.get_executor(), server_, options());
  auto text = asio::co_spawn(io, write_read_and_close(client, at("/n-")), asio::use_future);
  io.run();  // returns: nothing is left to do once the client is closed
  const auto result = text.get();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(*result, "by a coroutine");
}

TEST_F(ClientOperationsTest, SeveralThreadsMayRunTheContext) {
  asio::io_context io;
  {
    Client client(io.get_executor(), server_, options());
    std::vector<std::future<Result<std::string>>> texts;
    for (int i = 0; i < 50; ++i) {
      texts.push_back(asio::co_spawn(io, write_and_read(client, at("/n-")), asio::use_future));
    }
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { io.run(); });
    for (auto& text : texts) EXPECT_TRUE(text.get());
    EXPECT_TRUE(client.close(asio::use_future).get());
    for (auto& thread : threads) thread.join();
  }
}

TEST_F(ClientOperationsTest, ErrorsNameOperationAndPath) {
  Client client = open();
  const auto none = client.get(at("/none"), {}, block);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kNoNode);
  EXPECT_EQ(none.error().path, at("/none"));
  EXPECT_THAT(none.error().message, StartsWith("get " + at("/none")));
  EXPECT_EQ(error_class(none.error().code), ErrorClass::kPrecondition);

  const auto bad = client.get("no/slash", {}, block);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::kBadArguments);
  EXPECT_THAT(bad.error().message, HasSubstr("must start with /"));

  EXPECT_EQ(client.set(root_, as_bytes(""), {.version = 9}, block).error().code,
            ErrorCode::kBadVersion);
  ASSERT_TRUE(client.create(at("/a"), as_bytes(""), {}, block));
  EXPECT_EQ(client.create(at("/a"), as_bytes(""), {}, block).error().code, ErrorCode::kNodeExists);
  EXPECT_EQ(client.remove(root_, {}, block).error().code, ErrorCode::kNotEmpty);
}

TEST_F(ClientOperationsTest, WrongOptionsAreRefused) {
  EXPECT_EQ(Client::open("", options()).error().code, ErrorCode::kBadArguments);
  EXPECT_EQ(Client::open("a:99999", options()).error().code, ErrorCode::kBadArguments);
  auto bad = options();
  bad.name_space = "a//b";
  EXPECT_EQ(Client::open(server_, bad).error().code, ErrorCode::kBadArguments);
  bad = options();
  bad.lost_percent = 0;
  EXPECT_EQ(Client::open(server_, bad).error().code, ErrorCode::kBadArguments);
  asio::io_context io;
  EXPECT_THROW(Client(io.get_executor(), "host:port", {}), Exception);
}

TEST_F(ClientOperationsTest, NobodyAnswersInTime) {
  auto quick = options();
  quick.connection_timeout = milliseconds(100);
  const auto none = Client::open("127.0.0.1:1", quick);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kNotSent);
  EXPECT_THAT(none.error().message, HasSubstr("127.0.0.1:1"));
}

TEST_F(ClientOperationsTest, BlockingOnTheClientsOwnThreadIsRefused) {
  Client client = open();
  std::promise<std::pair<ErrorCode, ErrorCode>> told;
  client.get(root_, {}, [&, client](const Result<Node>&) mutable {
    const auto once = client.get(root_, {}, block);
    const auto whole = run_blocking(client.get_executor(), write_and_read(client, at("/x")));
    told.set_value(
        {once ? ErrorCode::kOk : once.error().code, whole ? ErrorCode::kOk : whole.error().code});
  });
  const auto codes = told.get_future().get();
  EXPECT_EQ(codes.first, ErrorCode::kWouldDeadlock);
  EXPECT_EQ(codes.second, ErrorCode::kWouldDeadlock);
  EXPECT_TRUE(run_blocking(client.get_executor(), write_and_read(client, at("/x"))));
}

TEST_F(ClientOperationsTest, BlockingInsideTheUsersContextIsRefused) {
  asio::io_context io;
  Client client(io.get_executor(), server_, options());
  std::optional<ErrorCode> code;
  asio::post(io, [&] { code = client.get(root_, {}, block).error().code; });
  client.wait_connected(kPatience, [&](const Result<void>& connected) {
    EXPECT_TRUE(connected);
    client.close([](const Result<void>& closed) { EXPECT_TRUE(closed); });
  });
  io.run();
  EXPECT_EQ(code, ErrorCode::kWouldDeadlock);
}

TEST_F(ClientOperationsTest, TheEnsembleTellsOfItself) {
  Client client = open();
  auto config = client.config(block);
  EXPECT_TRUE(config) << config.error().message;
  auto watched = client.watch_config(block);
  EXPECT_TRUE(watched) << watched.error().message;
  ASSERT_TRUE(client.create(at("/a"), as_bytes(""), {.mode = CreateMode::kEphemeral}, block));
  EXPECT_EQ(*client.all_children_number(root_, block), 1);
  auto owned = client.ephemerals(root_, block);
  ASSERT_TRUE(owned) << owned.error().message;
  EXPECT_THAT(*owned, ElementsAre(at("/a")));
  auto me = client.who_am_i(block);
  ASSERT_TRUE(me) << me.error().message;
  EXPECT_EQ((*me)[0].scheme, "ip");
  EXPECT_FALSE(client.reconfig({.leaving = "1"}, block));
}

TEST_F(ClientOperationsTest, MissingParentsAreMade) {
  Client client = open();
  const auto path = at("/a/b/c");
  EXPECT_EQ(client.create(path, as_bytes(""), {}, block).error().code, ErrorCode::kNoNode);
  auto made = client.create(path, as_bytes("x"), {.parents = Parents::kContainer}, block);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->path, path);
  EXPECT_THAT(client.get(at("/a/b"), {}, block)->data, IsEmpty());
  EXPECT_TRUE(client.ensure_path(at("/p/q"), block));
  EXPECT_TRUE(client.ensure_path(at("/p/q"), block)) << "it is there already";
  EXPECT_TRUE(*client.exists(at("/p/q"), block));
  EXPECT_TRUE(client.ensure_path("/", block));
}

TEST_F(ClientOperationsTest, AProtectedNameCarriesAUuid) {
  Client client = open();
  auto made = client.create(at("/lock-"), as_bytes(""),
                            {.mode = CreateMode::kEphemeralSequential, .protect = true}, block);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_THAT(made->path,
              testing::MatchesRegex(at("/_c_[0-9a-f]+-[0-9a-f]+-4[0-9a-f]+-[89ab][0-9a-f]+-"
                                       "[0-9a-f]+-lock-[0-9]+")));
  const auto name = made->path.substr(at("/").size());
  EXPECT_EQ(name.size(), std::string("_c_").size() + 36 + std::string("-lock-0000000000").size());
}

TEST_F(ClientOperationsTest, WhatExistsIsSetOrAccepted) {
  Client client = open();
  ASSERT_TRUE(client.create(at("/a"), as_bytes("old"), {}, block));
  auto same =
      client.create(at("/a"), as_bytes("old"), {.exists = OnExists::kAcceptIdentical}, block);
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_EQ(client.create(at("/a"), as_bytes("x"), {.exists = OnExists::kAcceptIdentical}, block)
                .error()
                .code,
            ErrorCode::kNodeExists);
  auto set = client.create(at("/a"), as_bytes("new"), {.exists = OnExists::kSetData}, block);
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(set->stat.version, 1);
  EXPECT_EQ(as_text(client.get(at("/a"), {}, block)->data), "new");
  EXPECT_EQ(
      client
          .create(at("/a"), as_bytes("x"), {.exists = OnExists::kSetData, .set_version = 7}, block)
          .error()
          .code,
      ErrorCode::kBadVersion);
  // As after a set whose answer was lost: the version is one further and the data is the same.
  auto again =
      client.set(at("/a"), as_bytes("new"), {.version = 0, .accept_identical = true}, block);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->version, 1);
  EXPECT_EQ(client.set(at("/a"), as_bytes("xxx"), {.version = 0, .accept_identical = true}, block)
                .error()
                .code,
            ErrorCode::kBadVersion);
}

TEST_F(ClientOperationsTest, RemovalTakesWhatIsBelow) {
  Client client = open();
  for (const auto* path : {"/a/b/c", "/a/b/d", "/a/e/f"}) {
    ASSERT_TRUE(client.create(at(path), as_bytes(""), {.parents = Parents::kPersistent}, block));
  }
  EXPECT_TRUE(client.remove(at("/a"), {.recursive = true}, block));
  EXPECT_FALSE(*client.exists(at("/a"), block));
  EXPECT_EQ(client.remove(at("/a"), {}, block).error().code, ErrorCode::kNoNode);
  EXPECT_TRUE(client.remove(at("/a"), {.missing_ok = true}, block));
  EXPECT_TRUE(client.remove(at("/a"), {.recursive = true, .missing_ok = true}, block));
}

TEST_F(ClientOperationsTest, DefaultDataIsWrittenWhereNoneIsGiven) {
  auto with_data = options();
  with_data.default_data = to_bytes("default");
  Client client = open(with_data);
  ASSERT_TRUE(client.create(at("/none"), CreateOptions{}, block));
  ASSERT_TRUE(client.create(at("/empty"), as_bytes(""), {}, block));
  EXPECT_EQ(as_text(client.get(at("/none"), {}, block)->data), "default");
  EXPECT_EQ(as_text(client.get(at("/empty"), {}, block)->data), "");
}

TEST_F(ClientOperationsTest, CompressedDataComesBack) {
  Client client = open();
  const std::string text(1000, 'x');
  ASSERT_TRUE(client.create(at("/a"), as_bytes(text), {.compress = true}, block));
  EXPECT_LT(client.get(at("/a"), {}, block)->data.size(), 100u);
  EXPECT_EQ(as_text(client.get(at("/a"), {.decompress = true}, block)->data), text);
  ASSERT_TRUE(client.set(at("/a"), as_bytes(""), {.compress = true}, block));
  EXPECT_EQ(client.get(at("/a"), {}, block)->data.size(), 20u);
  EXPECT_EQ(client.get(at("/a"), {.decompress = true}, block)->data.size(), 0u);
  ASSERT_TRUE(client.set(at("/a"), as_bytes("plain"), {}, block));
  EXPECT_EQ(client.get(at("/a"), {.decompress = true}, block).error().code,
            ErrorCode::kCorruptPayload);
}

TEST_F(ClientOperationsTest, ATransactionIsAllOrNothing) {
  Client client = open();
  auto done = client.commit(
      Transaction()
          .create(at("/a"), as_bytes("1"))
          .create(at("/s-"), as_bytes("2"), {.mode = CreateMode::kPersistentSequential})
          .set(at("/a"), as_bytes("3"))
          .check(at("/a"), 1),
      block);
  ASSERT_TRUE(done) << done.error().message;
  ASSERT_EQ(done->size(), 4u);
  EXPECT_EQ((*done)[0].path, at("/a"));
  EXPECT_THAT((*done)[1].path, StartsWith(at("/s-00000")));
  ASSERT_TRUE((*done)[2].stat);
  EXPECT_EQ((*done)[2].stat->version, 1);
  EXPECT_FALSE((*done)[3].stat);

  auto failed = client.commit(
      Transaction().remove(at("/a")).create(at("/b")).check(at("/none")).remove(at("/b")), block);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kNoNode);
  EXPECT_EQ(failed.error().operation, 2);
  EXPECT_EQ(failed.error().path, at("/none"));
  EXPECT_TRUE(*client.exists(at("/a"), block)) << "nothing was applied";

  auto refused = client.commit(
      Transaction().check(at("/a")).create(at("/x/y"), {}, {.parents = Parents::kPersistent}),
      block);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kBadArguments);
  EXPECT_EQ(refused.error().operation, 1);
  auto empty = client.commit(Transaction(), block);
  ASSERT_TRUE(empty);
  EXPECT_THAT(*empty, IsEmpty());
}

TEST_F(ClientOperationsTest, NamespaceAndChrootAreInvisible) {
  auto inside = options();
  inside.name_space = "n/m";
  Client client = open(server_ + root_, inside);
  auto made = client.create("/a", as_bytes("x"), {.mode = CreateMode::kEphemeral}, block);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->path, "/a");
  EXPECT_EQ(client.get("/none", {}, block).error().path, "/none");
  EXPECT_THAT(client.children("/", block)->names, ElementsAre("a"));
  auto owned = client.ephemerals("/", block);
  ASSERT_TRUE(owned) << owned.error().message;
  EXPECT_THAT(*owned, ElementsAre("/a"));

  Client outside = open();
  EXPECT_TRUE(*outside.exists(at("/n/m/a"), block));
  Client other = client.with_namespace("n");
  EXPECT_TRUE(*other.exists("/m/a", block));
  EXPECT_TRUE(*client.with_namespace("").exists("/n/m/a", block));

  auto watched = client.watch_data("/a", block);
  ASSERT_TRUE(watched);
  ASSERT_TRUE(outside.set(at("/n/m/a"), as_bytes("y"), {}, block));
  auto event = watched->changed.fired(kPatience, block);
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(event->path, "/a");
}

TEST_F(ClientOperationsTest, AclsAndCredentials) {
  auto with_auth = options();
  with_auth.auth = {{.scheme = "digest", .data = to_bytes("user:secret")}};
  with_auth.acl_for = [](std::string_view) { return AclList{{perms::kAll, {"auth", ""}}}; };
  Client owner = open(with_auth);
  ASSERT_TRUE(owner.create(at("/mine"), as_bytes("x"), {}, block));
  EXPECT_TRUE(owner.get(at("/mine"), {}, block));

  Client stranger = open();
  EXPECT_EQ(stranger.get(at("/mine"), {}, block).error().code, ErrorCode::kNoAuth);
  ASSERT_TRUE(stranger.add_auth({.scheme = "digest", .data = to_bytes("user:secret")}, block));
  EXPECT_TRUE(stranger.get(at("/mine"), {}, block));

  const AclList open_to_all = {{perms::kAll, {"world", "anyone"}}};
  EXPECT_TRUE(owner.set_acls(at("/mine"), open_to_all, 0, block));
  EXPECT_EQ(owner.set_acls(at("/mine"), open_to_all, 0, block).error().code,
            ErrorCode::kBadVersion);
  EXPECT_EQ(owner.acls(at("/mine"), block)->acls, open_to_all);
}

TEST_F(ClientOperationsTest, RequestsOfOneThreadKeepTheirOrder) {
  Client client = open();
  ASSERT_TRUE(client.create(at("/a"), as_bytes("0"), {}, block));
  constexpr int kCount = 2000;
  std::vector<std::future<Result<Stat>>> sets;
  for (int i = 0; i < kCount; ++i) {
    sets.push_back(client.set(at("/a"), as_bytes(std::to_string(i)), {}, asio::use_future));
  }
  for (int i = 0; i < kCount; ++i)
    EXPECT_EQ(sets[static_cast<std::size_t>(i)].get()->version, i + 1);
}

TEST_F(ClientOperationsTest, ClosingRemovesEphemeralsAndRefusesMore) {
  Client client = open();
  ASSERT_TRUE(client.create(at("/e"), as_bytes(""), {.mode = CreateMode::kEphemeral}, block));
  const auto closing = client.closing_token();
  EXPECT_TRUE(client.close(block));
  EXPECT_TRUE(closing.stop_requested());
  EXPECT_TRUE(client.close(block)) << "again is no error";
  EXPECT_EQ(client.get(root_, {}, block).error().code, ErrorCode::kClosed);
  EXPECT_EQ(client.wait_connected(kPatience, block).error().code, ErrorCode::kClosed);
  EXPECT_FALSE(*open().exists(at("/e"), block));
}

TEST_F(ClientOperationsTest, TheLastHandleClosesTheSession) {
  {
    Client client = open();
    ASSERT_TRUE(client.create(at("/e"), as_bytes(""), {.mode = CreateMode::kEphemeral}, block));
  }
  EXPECT_FALSE(*open().exists(at("/e"), block));
  // On the client's own thread, where nobody may wait.
  std::promise<void> dropped;
  {
    Client client = open();
    ASSERT_TRUE(client.create(at("/f"), as_bytes(""), {.mode = CreateMode::kEphemeral}, block));
    auto last = std::make_unique<Client>(client);
    auto* at_last = last.release();
    client.get(root_, {}, [&dropped, at_last](const Result<Node>&) {
      delete at_last;
      dropped.set_value();
    });
  }
  dropped.get_future().get();
  Client other = open();
  auto left = other.watch_exists(at("/f"), block);
  ASSERT_TRUE(left);
  if (left->value) {
    EXPECT_TRUE(left->changed.fired(kPatience, block));
  }
}

}  // namespace
}  // namespace drover
