#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static struct timespec deadline(void) {
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  at.tv_sec += kDeadlineSeconds;
  return at;
}

// Waits for *flag under the session's mutex.
static finding await(struct session *session, const bool *flag, const char *what) {
  struct timespec until = deadline();
  int rc = 0;
  pthread_mutex_lock(&session->mutex);
  while (!*flag && rc == 0) {
    rc = pthread_cond_timedwait(&session->changed, &session->mutex, &until);
  }
  pthread_mutex_unlock(&session->mutex);
  return rc == 0 ? NULL : failed("the session is never %s", what);
}

static void on_session_event(zhandle_t *handle, int type, int state, const char *path,
                             void *context) {
  (void)handle;
  (void)path;
  struct session *session = context;
  if (type != ZOO_SESSION_EVENT) return;
  pthread_mutex_lock(&session->mutex);
  session->is_connected = state == ZOO_CONNECTED_STATE;
  if (state == ZOO_EXPIRED_SESSION_STATE) session->is_expired = true;
  pthread_cond_broadcast(&session->changed);
  pthread_mutex_unlock(&session->mutex);
}

finding session_open(struct session *session, const char *connect_string, int timeout_ms) {
  memset(session, 0, sizeof *session);
  pthread_mutex_init(&session->mutex, NULL);
  pthread_cond_init(&session->changed, NULL);
  session->handle = zookeeper_init(connect_string, on_session_event, timeout_ms, NULL, session, 0);
  if (session->handle == NULL) return failed("zookeeper_init: %s", strerror(errno));
  return session_await_connected(session);
}

finding session_await_connected(struct session *session) {
  return await(session, &session->is_connected, "connected");
}

finding session_await_expired(struct session *session) {
  return await(session, &session->is_expired, "expired");
}

finding session_await_answers(struct session *session) {
  time_t until = time(NULL) + kDeadlineSeconds;
  while (zoo_exists(session->handle, "/", 0, NULL) != ZOK) {
    if (time(NULL) > until) return failed("no answers after the connection was lost");
    nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
  }
  return NULL;
}

int64_t session_id(const struct session *session) {
  return zoo_client_id(session->handle)->client_id;
}

void session_close(struct session *session) { zookeeper_close(session->handle); }

void events_init(struct events *events) {
  memset(events, 0, sizeof *events);
  pthread_mutex_init(&events->mutex, NULL);
  pthread_cond_init(&events->changed, NULL);
}

void events_watcher(zhandle_t *handle, int type, int state, const char *path, void *context) {
  (void)handle;
  (void)state;
  struct events *events = context;
  // Connection state is told to every watcher; only what happens to znodes is of interest.
  if (type == ZOO_SESSION_EVENT) return;
  pthread_mutex_lock(&events->mutex);
  if (events->count < kEventsMax) {
    struct event *event = &events->received[events->count++];
    event->type = type;
    snprintf(event->path, sizeof event->path, "%s", path);
  }
  pthread_cond_broadcast(&events->changed);
  pthread_mutex_unlock(&events->mutex);
}

finding events_next(struct events *events, int type, const char *path) {
  struct timespec until = deadline();
  int rc = 0;
  pthread_mutex_lock(&events->mutex);
  while (events->taken == events->count && rc == 0) {
    rc = pthread_cond_timedwait(&events->changed, &events->mutex, &until);
  }
  struct event event = {0};
  if (rc == 0) event = events->received[events->taken++];
  pthread_mutex_unlock(&events->mutex);
  if (rc != 0) return failed("event %d %s does not arrive", type, path);
  if (event.type != type || strcmp(event.path, path) != 0) {
    return failed("expected event %d %s, got %d %s", type, path, event.type, event.path);
  }
  return NULL;
}

struct reply {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  bool has_come;
};

static void on_reply(int rc, const char *value, const void *data) {
  (void)rc;
  (void)value;
  struct reply *reply = (struct reply *)data;
  pthread_mutex_lock(&reply->mutex);
  reply->has_come = true;
  pthread_cond_signal(&reply->changed);
  pthread_mutex_unlock(&reply->mutex);
}

finding events_none(struct events *events, struct session *session) {
  // Completions and watchers run on one thread in the order in which they arrived, so after this
  // completion whatever the server sent before it has been seen. Static, for it may come late.
  static struct reply reply = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
  reply.has_come = false;
  EXPECT_EQUAL(ZOK, zoo_async(session->handle, "/", on_reply, &reply));
  struct timespec until = deadline();
  int rc = 0;
  pthread_mutex_lock(&reply.mutex);
  while (!reply.has_come && rc == 0) {
    rc = pthread_cond_timedwait(&reply.changed, &reply.mutex, &until);
  }
  pthread_mutex_unlock(&reply.mutex);
  EXPECT_EQUAL(0, rc);
  pthread_mutex_lock(&events->mutex);
  int surplus = events->count - events->taken;
  pthread_mutex_unlock(&events->mutex);
  EXPECT_EQUAL(0, surplus);
  return NULL;
}
