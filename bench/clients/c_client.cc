// The C client (libzookeeper-mt) under load: zoo_aget and zoo_aset from their own completions.

#include <zookeeper/zookeeper.h>

#include "run.h"

namespace {

struct Load {
  Arguments options;
  std::string data;
  zhandle_t* handle = nullptr;
  Run run;
};

// One request in flight.
struct Slot {
  Load* load = nullptr;
  Run::Clock::time_point asked_at{};
};

void ask(Slot& slot);

void answered(int error, Slot& slot) {
  if (error != ZOK && slot.load->run.goes_on()) {
    std::fprintf(stderr, "c_client: %s\n", zerror(error));
    std::exit(1);
  }
  slot.load->run.answered(slot.asked_at);
  if (slot.load->run.goes_on()) ask(slot);
}

void got(int error, const char*, int, const Stat*, const void* slot) {
  answered(error, *static_cast<Slot*>(const_cast<void*>(slot)));
}
void was_set(int error, const Stat*, const void* slot) {
  answered(error, *static_cast<Slot*>(const_cast<void*>(slot)));
}

void ask(Slot& slot) {
  Load& load = *slot.load;
  slot.asked_at = Run::Clock::now();
  if (load.options.writes) {
    zoo_aset(load.handle, kPath, load.data.data(), static_cast<int>(load.data.size()), -1, was_set,
             &slot);
  } else {
    zoo_aget(load.handle, kPath, 0, got, &slot);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Load load{.options = arguments(argc, argv), .data = {}, .run = {}};
  load.data.assign(static_cast<std::size_t>(load.options.bytes), 'x');
  zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
  load.handle = zookeeper_init(load.options.server.c_str(), nullptr, 30'000, nullptr, nullptr, 0);
  const int size = static_cast<int>(load.data.size());
  // The first request waits for the session.
  const int made =
      zoo_create(load.handle, kPath, load.data.data(), size, &ZOO_OPEN_ACL_UNSAFE, 0, nullptr, 0);
  if (made != ZOK && made != ZNODEEXISTS) {
    std::fprintf(stderr, "c_client: %s\n", zerror(made));
    return 1;
  }
  std::vector<Slot> slots(static_cast<std::size_t>(load.options.outstanding), Slot{&load});
  for (Slot& slot : slots) ask(slot);
  load.run.wait(load.options.seconds);
  zookeeper_close(load.handle);
  load.run.print();
}
