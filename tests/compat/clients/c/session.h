// A session of the client under test, and watchers that remember what they were told.
#pragma once

#include <pthread.h>
#include <stdint.h>
#include <zookeeper/zookeeper.h>

#include "talk.h"

enum {
  kLongTimeoutMs = 40000,  // Outlives a restart, however busy the machine; these grant up to 60 s.
  kShortTimeoutMs = 1000,  // The shortest session that a server with tickTime 500 grants.
  kDeadlineSeconds = 30,
  kEventsMax = 16,
};

struct session {
  zhandle_t* handle;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  bool is_connected;
  bool is_expired;
};

// Opens a session and waits until it is established. `auth` ("user:password") may be NULL.
finding session_open(struct session* session, const char* connect_string, int timeout_ms);
finding session_await_connected(struct session* session);
finding session_await_expired(struct session* session);
// Waits until requests are answered again after the connection was lost.
finding session_await_answers(struct session* session);
int64_t session_id(const struct session* session);
void session_close(struct session* session);

struct event {
  int type;
  char path[128];
};

// What one watcher was told of znodes, in order.
struct events {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  struct event received[kEventsMax];
  int count;
  int taken;
};

void events_init(struct events* events);
// The watcher function; its context is a struct events.
void events_watcher(zhandle_t* handle, int type, int state, const char* path, void* context);
// Requires that the next event is this one.
finding events_next(struct events* events, int type, const char* path);
// Requires that nothing more has arrived at `session`'s watcher.
finding events_none(struct events* events, struct session* session);
