// Create, read, update, delete, and every field of Stat on the way.
#include <string.h>
#include <time.h>

#include "checks.h"

enum { kClockSlackMs = 60000 };

int create_znode(struct session *session, const char *path, const char *data, int mode) {
  return zoo_create(session->handle, path, data, (int)strlen(data), &ZOO_OPEN_ACL_UNSAFE, mode,
                    NULL, 0);
}

int set_znode(struct session *session, const char *path, const char *data) {
  return zoo_set(session->handle, path, data, (int)strlen(data), -1);
}

static finding fresh(const struct Stat *stat, int data_length, int64_t owner) {
  EXPECT(stat->czxid > 0);
  EXPECT_EQUAL(stat->czxid, stat->mzxid);
  EXPECT_EQUAL(stat->czxid, stat->pzxid);
  EXPECT_EQUAL(stat->ctime, stat->mtime);
  int64_t age_ms = (int64_t)time(NULL) * 1000 - stat->ctime;
  EXPECT(age_ms > -kClockSlackMs && age_ms < kClockSlackMs);
  EXPECT_EQUAL(0, stat->version);
  EXPECT_EQUAL(0, stat->cversion);
  EXPECT_EQUAL(0, stat->aversion);
  EXPECT_EQUAL(owner, stat->ephemeralOwner);
  EXPECT_EQUAL(data_length, stat->dataLength);
  EXPECT_EQUAL(0, stat->numChildren);
  return NULL;
}

static finding same(const struct Stat *a, const struct Stat *b) {
  EXPECT_EQUAL(a->czxid, b->czxid);
  EXPECT_EQUAL(a->mzxid, b->mzxid);
  EXPECT_EQUAL(a->ctime, b->ctime);
  EXPECT_EQUAL(a->mtime, b->mtime);
  EXPECT_EQUAL(a->version, b->version);
  EXPECT_EQUAL(a->cversion, b->cversion);
  EXPECT_EQUAL(a->aversion, b->aversion);
  EXPECT_EQUAL(a->ephemeralOwner, b->ephemeralOwner);
  EXPECT_EQUAL(a->dataLength, b->dataLength);
  EXPECT_EQUAL(a->numChildren, b->numChildren);
  EXPECT_EQUAL(a->pzxid, b->pzxid);
  return NULL;
}

static finding create(struct session *session) {
  char path[32];
  struct Stat created, seen;
  EXPECT_EQUAL(ZOK, zoo_create2(session->handle, "/crud", "one", 3, &ZOO_OPEN_ACL_UNSAFE,
                                ZOO_PERSISTENT, path, sizeof path, &created));
  EXPECT_TEXT("/crud", path);
  TRY(fresh(&created, 3, 0));
  EXPECT_EQUAL(ZOK, zoo_exists(session->handle, "/crud", 0, &seen));
  return same(&created, &seen);
}

static finding get(struct session *session) {
  char data[16];
  int length = sizeof data;
  struct Stat stat;
  EXPECT_EQUAL(ZOK, zoo_get(session->handle, "/crud", 0, data, &length, &stat));
  EXPECT_EQUAL(3, length);
  EXPECT(memcmp(data, "one", 3) == 0);
  return fresh(&stat, 3, 0);
}

static finding set(struct session *session) {
  struct Stat before, after, seen;
  EXPECT_EQUAL(ZOK, zoo_exists(session->handle, "/crud", 0, &before));
  EXPECT_EQUAL(ZOK, zoo_set2(session->handle, "/crud", "three", 5, 0, &after));
  EXPECT_EQUAL(before.czxid, after.czxid);
  EXPECT_EQUAL(before.pzxid, after.pzxid);
  EXPECT_EQUAL(before.ctime, after.ctime);
  EXPECT(after.mzxid > before.mzxid);
  EXPECT(after.mtime >= before.mtime);
  EXPECT_EQUAL(1, after.version);
  EXPECT_EQUAL(5, after.dataLength);
  EXPECT_EQUAL(ZOK, zoo_exists(session->handle, "/crud", 0, &seen));
  return same(&after, &seen);
}

static finding children(struct session *session) {
  EXPECT_EQUAL(ZOK, create_znode(session, "/crud/b", "", ZOO_PERSISTENT));
  EXPECT_EQUAL(ZOK, create_znode(session, "/crud/a", "", ZOO_PERSISTENT));
  struct String_vector names;
  struct Stat parent, last;
  EXPECT_EQUAL(ZOK, zoo_get_children2(session->handle, "/crud", 0, &names, &parent));
  EXPECT_EQUAL(2, names.count);
  deallocate_String_vector(&names);
  EXPECT_EQUAL(ZOK, zoo_get_children(session->handle, "/crud", 0, &names));
  EXPECT_EQUAL(2, names.count);
  EXPECT_EQUAL('a' + 'b', names.data[0][0] + names.data[1][0]);
  deallocate_String_vector(&names);
  EXPECT_EQUAL(2, parent.numChildren);
  EXPECT_EQUAL(2, parent.cversion);
  EXPECT_EQUAL(ZOK, zoo_exists(session->handle, "/crud/a", 0, &last));
  EXPECT_EQUAL(last.czxid, parent.pzxid);
  EXPECT_EQUAL(ZOK, zoo_delete(session->handle, "/crud/a", -1));
  EXPECT_EQUAL(ZOK, zoo_exists(session->handle, "/crud", 0, &parent));
  EXPECT_EQUAL(3, parent.cversion);
  return NULL;
}

static finding null_data(struct session *session) {
  char data[16];
  int length = sizeof data;
  EXPECT_EQUAL(ZOK, zoo_create(session->handle, "/crud/null", NULL, -1, &ZOO_OPEN_ACL_UNSAFE,
                               ZOO_PERSISTENT, NULL, 0));
  EXPECT_EQUAL(ZOK, zoo_get(session->handle, "/crud/null", 0, data, &length, NULL));
  EXPECT_EQUAL(-1, length);
  EXPECT_EQUAL(ZOK, zoo_set(session->handle, "/crud/null", "", 0, -1));
  length = sizeof data;
  EXPECT_EQUAL(ZOK, zoo_get(session->handle, "/crud/null", 0, data, &length, NULL));
  EXPECT_EQUAL(0, length);
  EXPECT_EQUAL(ZOK, zoo_delete(session->handle, "/crud/null", -1));
  return NULL;
}

static finding errors(struct session *session) {
  zhandle_t *zh = session->handle;
  struct String_vector names;
  char data[16];
  int length = sizeof data;
  EXPECT_EQUAL(ZNODEEXISTS, create_znode(session, "/crud", "", ZOO_PERSISTENT));
  EXPECT_EQUAL(ZNONODE, create_znode(session, "/crud/none/child", "", ZOO_PERSISTENT));
  EXPECT_EQUAL(ZNONODE, zoo_get(zh, "/crud/none", 0, data, &length, NULL));
  EXPECT_EQUAL(ZNONODE, zoo_set(zh, "/crud/none", "", 0, -1));
  EXPECT_EQUAL(ZNONODE, zoo_delete(zh, "/crud/none", -1));
  EXPECT_EQUAL(ZNONODE, zoo_exists(zh, "/crud/none", 0, NULL));
  EXPECT_EQUAL(ZNONODE, zoo_get_children(zh, "/crud/none", 0, &names));
  EXPECT_EQUAL(ZNOTEMPTY, zoo_delete(zh, "/crud", -1));
  EXPECT_EQUAL(ZBADVERSION, zoo_set(zh, "/crud", "", 0, 7));
  EXPECT_EQUAL(ZBADVERSION, zoo_delete(zh, "/crud/b", 7));
  EXPECT_EQUAL(ZBADARGUMENTS, zoo_delete(zh, "/zookeeper", -1));
  return NULL;
}

static finding delete(struct session *session) {
  EXPECT_EQUAL(ZOK, zoo_delete(session->handle, "/crud/b", 0));
  EXPECT_EQUAL(ZNONODE, zoo_exists(session->handle, "/crud/b", 0, NULL));
  EXPECT_EQUAL(ZOK, zoo_delete(session->handle, "/crud", 1));
  return NULL;
}

void check_crud(struct session *session) {
  report("crud.create", create(session));
  report("crud.get", get(session));
  report("crud.set", set(session));
  report("crud.children", children(session));
  report("crud.null-data", null_data(session));
  report("crud.errors", errors(session));
  report("crud.delete", delete (session));
}
