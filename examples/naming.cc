// naming BIZ COUNT: names that nobody else gets.
//
// A sequential znode gets a number from the server that no other child of its parent ever had,
// whoever asks and from wherever. So COUNT names are COUNT creates, and there is nothing to agree
// upon.
//
//     /naming/<biz>/id-<sequence>    persistent sequential, empty
//
// The names stay when the program ends: an ephemeral znode would go with the session, though its
// number would not be given out again either.

#include "support/program.h"

namespace {

using drover::CreateMode;
using drover::Parents;

boost::asio::awaitable<void> allocate(drover::Client client, const example::Arguments& arguments) {
  const std::string prefix = "/naming/" + arguments.words[0] + "/id-";
  for (auto left = example::to_number(arguments.words[1]).value_or(0); left > 0;) {
    const auto name = co_await client.create(
        prefix, drover::as_bytes(""),
        {.mode = CreateMode::kPersistentSequential, .parents = Parents::kPersistent});
    // The connection went before the answer came: the znode may be there, under a number that we do
    // not know. The client does not repeat such a create by itself, as it cannot know whether a
    // second znode does harm. Here it does none: a number is left out, names are still unique.
    if (!name && name.error().code == drover::ErrorCode::kConnectionLoss) continue;
    example::print("allocated ", drover::value_or_throw(name).path);
    --left;
  }
}

bool accepts(const example::Arguments& arguments) {
  return arguments.words.size() == 2 && example::to_number(arguments.words[1]);
}

}  // namespace

int main(int argc, char** argv) {
  return example::run(argc, argv, {.usage = "naming BIZ COUNT", .accepts = accepts}, allocate);
}
