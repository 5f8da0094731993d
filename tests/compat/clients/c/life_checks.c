// Znodes with a life of their own, restarts of the server, and sessions that expire.
#include <stdio.h>
#include <string.h>

#include "checks.h"

static finding await_gone(struct session *session, const char *path) {
  static struct events events;
  events_init(&events);
  if (zoo_wexists(session->handle, path, events_watcher, &events, NULL) == ZNONODE) return NULL;
  return events_next(&events, ZOO_DELETED_EVENT, path);
}

static finding ephemeral(const char *connect_string, struct session *session) {
  struct session owner;
  struct Stat stat;
  EXPECT_EQUAL(ZOK, create_znode(session, "/node", "", ZOO_PERSISTENT));
  TRY(session_open(&owner, connect_string, kLongTimeoutMs));
  EXPECT_EQUAL(ZOK, create_znode(&owner, "/node/ephemeral", "", ZOO_EPHEMERAL));
  EXPECT_EQUAL(ZOK, zoo_exists(session->handle, "/node/ephemeral", 0, &stat));
  EXPECT_EQUAL(session_id(&owner), stat.ephemeralOwner);
  EXPECT_EQUAL(ZNOCHILDRENFOREPHEMERALS,
               create_znode(session, "/node/ephemeral/child", "", ZOO_PERSISTENT));
  session_close(&owner);
  // This client does not wait for the reply to its closing request.
  return await_gone(session, "/node/ephemeral");
}

static finding sequential(struct session *session) {
  char path[32];
  const struct ACL_vector *open_acl = &ZOO_OPEN_ACL_UNSAFE;
  EXPECT_EQUAL(ZOK, create_znode(session, "/queue", "", ZOO_PERSISTENT));
  EXPECT_EQUAL(ZOK, zoo_create(session->handle, "/queue/a", "", 0, open_acl,
                               ZOO_PERSISTENT_SEQUENTIAL, path, sizeof path));
  EXPECT_TEXT("/queue/a0000000000", path);
  EXPECT_EQUAL(ZOK, create_znode(session, "/queue/plain", "", ZOO_PERSISTENT));
  EXPECT_EQUAL(ZOK, zoo_create(session->handle, "/queue/", "", 0, open_acl,
                               ZOO_EPHEMERAL_SEQUENTIAL, path, sizeof path));
  EXPECT_TEXT("/queue/0000000002", path);
  return NULL;
}

static finding container(struct session *session) {
  struct Stat stat;
  EXPECT_EQUAL(ZOK, zoo_create2(session->handle, "/container", "", 0, &ZOO_OPEN_ACL_UNSAFE,
                                ZOO_CONTAINER, NULL, 0, &stat));
  EXPECT_EQUAL(0, stat.ephemeralOwner);
  EXPECT_EQUAL(ZOK, create_znode(session, "/container/child", "", ZOO_PERSISTENT));
  EXPECT_EQUAL(ZOK, zoo_delete(session->handle, "/container/child", -1));
  return await_gone(session, "/container");
}

static finding ttl(struct session *session) {
  struct Stat stat;
  EXPECT_EQUAL(ZOK, zoo_create2_ttl(session->handle, "/ttl", "", 0, &ZOO_OPEN_ACL_UNSAFE,
                                    ZOO_PERSISTENT_WITH_TTL, 300, NULL, 0, &stat));
  EXPECT_EQUAL(0, stat.ephemeralOwner);
  return await_gone(session, "/ttl");
}

void check_nodes(const char *connect_string, struct session *session) {
  report("node.ephemeral", ephemeral(connect_string, session));
  report("node.sequential", sequential(session));
  report("node.container", container(session));
  report("node.ttl", ttl(session));
}

// Everything a session should find again after its server was gone.
struct before_restart {
  char root[32], mine[48], absent[48];
  int64_t session_id;
  struct events data, exists, child;
};

static finding watch_all(struct session *session, struct before_restart *before) {
  char buffer[16];
  int length = sizeof buffer;
  struct String_vector names;
  events_init(&before->data);
  events_init(&before->exists);
  events_init(&before->child);
  EXPECT_EQUAL(ZOK, zoo_wget(session->handle, before->root, events_watcher, &before->data, buffer,
                             &length, NULL));
  EXPECT_EQUAL(ZNONODE, zoo_wexists(session->handle, before->absent, events_watcher,
                                    &before->exists, NULL));
  EXPECT_EQUAL(ZOK, zoo_wget_children(session->handle, before->root, events_watcher,
                                      &before->child, &names));
  deallocate_String_vector(&names);
  return NULL;
}

static finding restart(const char *signal, struct session *watching, struct session *changing,
                       struct before_restart *before) {
  char request[32];
  snprintf(request, sizeof request, "restart %s", signal);
  EXPECT_EQUAL(ZOK, create_znode(changing, before->root, "before", ZOO_PERSISTENT));
  EXPECT_EQUAL(ZOK, create_znode(watching, before->mine, "", ZOO_EPHEMERAL));
  TRY(watch_all(watching, before));
  ask(request);
  TRY(session_await_answers(watching));
  return session_await_answers(changing);
}

static finding data_is_there(struct session *session, const char *path) {
  char buffer[16];
  int length = sizeof buffer;
  EXPECT_EQUAL(ZOK, zoo_get(session->handle, path, 0, buffer, &length, NULL));
  EXPECT_EQUAL(6, length);
  EXPECT(memcmp(buffer, "before", 6) == 0);
  return NULL;
}

static finding same_session(struct session *session, int64_t id) {
  EXPECT_EQUAL(id, session_id(session));
  return NULL;
}

static finding ephemeral_is_there(struct session *session, const char *path, int64_t owner) {
  struct Stat stat;
  EXPECT_EQUAL(ZOK, zoo_exists(session->handle, path, 0, &stat));
  EXPECT_EQUAL(owner, stat.ephemeralOwner);
  return NULL;
}

static finding watches_are_there(struct session *watching, struct session *changing,
                                 struct before_restart *before) {
  TRY(events_none(&before->data, watching));
  TRY(events_none(&before->exists, watching));
  TRY(events_none(&before->child, watching));
  EXPECT_EQUAL(ZOK, set_znode(changing, before->root, "after"));
  TRY(events_next(&before->data, ZOO_CHANGED_EVENT, before->root));
  EXPECT_EQUAL(ZOK, create_znode(changing, before->absent, "", ZOO_PERSISTENT));
  TRY(events_next(&before->exists, ZOO_CREATED_EVENT, before->absent));
  return events_next(&before->child, ZOO_CHILD_EVENT, before->root);
}

static void report_part(const char *signal, const char *part, finding found) {
  char name[48];
  snprintf(name, sizeof name, "restart.%s%s", signal, part);
  report(name, found);
}

void check_restarts(struct session *watching, struct session *changing) {
  static const char *const kSignals[] = {"term", "kill"};
  static struct before_restart befores[2];
  for (int i = 0; i < 2; i++) {
    const char *signal = kSignals[i];
    struct before_restart *before = &befores[i];
    before->session_id = session_id(watching);
    snprintf(before->root, sizeof before->root, "/restart-%s", signal);
    snprintf(before->mine, sizeof before->mine, "/restart-%s/mine", signal);
    snprintf(before->absent, sizeof before->absent, "/restart-%s/absent", signal);
    report_part(signal, "", restart(signal, watching, changing, before));
    report_part(signal, ".session", same_session(watching, before->session_id));
    report_part(signal, ".data", data_is_there(changing, before->root));
    report_part(signal, ".ephemeral",
                ephemeral_is_there(changing, before->mine, before->session_id));
    report_part(signal, ".watches", watches_are_there(watching, changing, before));
  }
}

// Changes made while a watcher was cut off are told to it when it is back.
static finding missed_events(struct session *gated, struct session *changing) {
  static struct before_restart before = {.root = "/cut", .absent = "/cut/created"};
  EXPECT_EQUAL(ZOK, create_znode(changing, "/cut", "", ZOO_PERSISTENT));
  TRY(watch_all(gated, &before));
  int64_t id = session_id(gated);
  ask("gate shut");
  EXPECT_EQUAL(ZOK, set_znode(changing, "/cut", "x"));
  EXPECT_EQUAL(ZOK, create_znode(changing, "/cut/created", "", ZOO_PERSISTENT));
  ask("gate open");
  TRY(session_await_answers(gated));
  EXPECT_EQUAL(id, session_id(gated));
  TRY(events_next(&before.data, ZOO_CHANGED_EVENT, "/cut"));
  TRY(events_next(&before.exists, ZOO_CREATED_EVENT, "/cut/created"));
  return events_next(&before.child, ZOO_CHILD_EVENT, "/cut");
}

void check_cut(struct session *gated, struct session *changing) {
  report("cut.missed-events", missed_events(gated, changing));
}

static finding ephemeral_goes(struct session *silent, struct session *survivor) {
  static struct events events;
  events_init(&events);
  EXPECT_EQUAL(kShortTimeoutMs, zoo_recv_timeout(silent->handle));
  EXPECT_EQUAL(ZOK, create_znode(silent, "/expiring", "", ZOO_EPHEMERAL));
  EXPECT_EQUAL(ZOK, zoo_wexists(survivor->handle, "/expiring", events_watcher, &events, NULL));
  ask("gate freeze");
  return events_next(&events, ZOO_DELETED_EVENT, "/expiring");
}

static finding client_learns(struct session *silent) {
  TRY(session_await_expired(silent));
  EXPECT_EQUAL(ZINVALIDSTATE, zoo_exists(silent->handle, "/", 0, NULL));
  EXPECT_EQUAL(ZOO_EXPIRED_SESSION_STATE, zoo_state(silent->handle));
  return NULL;
}

void check_expiry(const char *gate, struct session *survivor) {
  static struct session silent;
  finding opened = session_open(&silent, gate, kShortTimeoutMs);
  if (opened != NULL) {
    report("expiry.session", opened);
    return;
  }
  report("expiry.ephemeral", ephemeral_goes(&silent, survivor));
  ask("gate open");
  report("expiry.client", client_learns(&silent));
  session_close(&silent);
}
