// One-shot watches, the only kind this client has: what sets each off, that it goes off once, and
// removal.
#include "checks.h"

static finding data(struct session *watching, struct session *changing) {
  char buffer[16];
  int length = sizeof buffer;
  static struct events events;
  events_init(&events);
  EXPECT_EQUAL(ZOK, create_znode(changing, "/watch", "", ZOO_PERSISTENT));
  EXPECT_EQUAL(ZOK, zoo_wget(watching->handle, "/watch", events_watcher, &events, buffer, &length,
                             NULL));
  EXPECT_EQUAL(ZOK, set_znode(changing, "/watch", "1"));
  TRY(events_next(&events, ZOO_CHANGED_EVENT, "/watch"));
  EXPECT_EQUAL(ZOK, set_znode(changing, "/watch", "2"));
  TRY(events_none(&events, watching));
  length = sizeof buffer;
  EXPECT_EQUAL(ZOK, zoo_wget(watching->handle, "/watch", events_watcher, &events, buffer, &length,
                             NULL));
  EXPECT_EQUAL(ZOK, zoo_delete(changing->handle, "/watch", -1));
  return events_next(&events, ZOO_DELETED_EVENT, "/watch");
}

static finding exists(struct session *watching, struct session *changing) {
  static struct events events;
  events_init(&events);
  EXPECT_EQUAL(ZNONODE, zoo_wexists(watching->handle, "/watch", events_watcher, &events, NULL));
  EXPECT_EQUAL(ZOK, create_znode(changing, "/watch", "", ZOO_PERSISTENT));
  TRY(events_next(&events, ZOO_CREATED_EVENT, "/watch"));
  EXPECT_EQUAL(ZOK, zoo_wexists(watching->handle, "/watch", events_watcher, &events, NULL));
  EXPECT_EQUAL(ZOK, set_znode(changing, "/watch", "1"));
  TRY(events_next(&events, ZOO_CHANGED_EVENT, "/watch"));
  EXPECT_EQUAL(ZOK, set_znode(changing, "/watch", "2"));
  return events_none(&events, watching);
}

static finding watch_children(struct session *session, const char *path, struct events *events) {
  struct String_vector names;
  EXPECT_EQUAL(ZOK, zoo_wget_children(session->handle, path, events_watcher, events, &names));
  deallocate_String_vector(&names);
  return NULL;
}

static finding child(struct session *watching, struct session *changing) {
  static struct events events;
  events_init(&events);
  TRY(watch_children(watching, "/watch", &events));
  EXPECT_EQUAL(ZOK, create_znode(changing, "/watch/child", "", ZOO_PERSISTENT));
  TRY(events_next(&events, ZOO_CHILD_EVENT, "/watch"));
  TRY(watch_children(watching, "/watch", &events));
  EXPECT_EQUAL(ZOK, set_znode(changing, "/watch", "3"));
  TRY(events_none(&events, watching));
  EXPECT_EQUAL(ZOK, zoo_delete(changing->handle, "/watch/child", -1));
  return events_next(&events, ZOO_CHILD_EVENT, "/watch");
}

static finding removal(struct session *watching, struct session *changing) {
  static struct events events;
  events_init(&events);
  zhandle_t *zh = watching->handle;
  EXPECT_EQUAL(ZOK, zoo_wexists(zh, "/watch", events_watcher, &events, NULL));
  EXPECT_EQUAL(ZOK, zoo_remove_watches(zh, "/watch", ZWATCHTYPE_DATA, events_watcher, &events, 0));
  EXPECT_EQUAL(ZOK, set_znode(changing, "/watch", "4"));
  TRY(events_none(&events, watching));
  TRY(watch_children(watching, "/watch", &events));
  EXPECT_EQUAL(ZOK, zoo_remove_all_watches(zh, "/watch", ZWATCHTYPE_ANY, 0));
  EXPECT_EQUAL(ZOK, create_znode(changing, "/watch/after", "", ZOO_PERSISTENT));
  TRY(events_none(&events, watching));
  EXPECT_EQUAL(ZNOWATCHER, zoo_remove_all_watches(zh, "/watch", ZWATCHTYPE_ANY, 0));
  return NULL;
}

void check_watches(struct session *watching, struct session *changing) {
  report("watch.data", data(watching, changing));
  report("watch.exists", exists(watching, changing));
  report("watch.child", child(watching, changing));
  report("watch.remove", removal(watching, changing));
}
