// multi: all or nothing, and which operation is blamed.
#include <stdio.h>
#include <string.h>

#include "checks.h"

static void create_op(zoo_op_t *op, const char *path, int mode, char *real, int real_size) {
  zoo_create_op_init(op, path, "", 0, &ZOO_OPEN_ACL_UNSAFE, mode, real, real_size);
}

static finding success(struct session *session) {
  zoo_op_t ops[7];
  zoo_op_result_t results[7];
  struct Stat set, seen;
  char first[32], second[32];
  create_op(&ops[0], "/multi", ZOO_PERSISTENT, NULL, 0);
  create_op(&ops[1], "/multi/a", ZOO_PERSISTENT, NULL, 0);
  zoo_set_op_init(&ops[2], "/multi/a", "x", 1, 0, &set);
  zoo_check_op_init(&ops[3], "/multi/a", 1);
  create_op(&ops[4], "/multi/t", ZOO_PERSISTENT_SEQUENTIAL, first, sizeof first);
  create_op(&ops[5], "/multi/t", ZOO_PERSISTENT_SEQUENTIAL, second, sizeof second);
  zoo_delete_op_init(&ops[6], "/multi/t0000000001", 0);
  EXPECT_EQUAL(ZOK, zoo_multi(session->handle, 7, ops, results));
  for (int i = 0; i < 7; i++) EXPECT_EQUAL(ZOK, results[i].err);
  EXPECT_TEXT("/multi/t0000000001", first);
  EXPECT_TEXT("/multi/t0000000002", second);
  EXPECT_EQUAL(ZOK, zoo_exists(session->handle, "/multi/a", 0, &seen));
  EXPECT_EQUAL(seen.mzxid, set.mzxid);
  EXPECT_EQUAL(seen.czxid, seen.mzxid);
  EXPECT_EQUAL(1, set.version);
  EXPECT_EQUAL(ZNONODE, zoo_exists(session->handle, first, 0, NULL));
  return NULL;
}

static finding failure(struct session *session, int failing) {
  static const char *const kPaths[] = {"/multi/f0", "/multi/f1", "/multi/f2"};
  zoo_op_t ops[3];
  zoo_op_result_t results[3];
  for (int i = 0; i < 3; i++) create_op(&ops[i], kPaths[i], ZOO_PERSISTENT, NULL, 0);
  zoo_check_op_init(&ops[failing], "/multi/a", 99);
  EXPECT_EQUAL(ZBADVERSION, zoo_multi(session->handle, 3, ops, results));
  for (int i = 0; i < 3; i++) {
    int expected = i < failing ? ZOK : i == failing ? ZBADVERSION : ZRUNTIMEINCONSISTENCY;
    EXPECT_EQUAL(expected, results[i].err);
    EXPECT_EQUAL(ZNONODE, zoo_exists(session->handle, kPaths[i], 0, NULL));
  }
  return NULL;
}

void check_multi(struct session *session) {
  report("multi.success", success(session));
  for (int position = 0; position < 3; position++) {
    char name[32];
    snprintf(name, sizeof name, "multi.failure-at-%d", position);
    report(name, failure(session, position));
  }
}
