// Who may do what: digest identities, addresses, the open and the closed, and ACLs refused.
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "checks.h"

static int create_with(struct session *session, const char *path, int count, struct ACL *acls) {
  struct ACL_vector vector = {count, acls};
  return zoo_create(session->handle, path, "x", 1, &vector, ZOO_PERSISTENT, NULL, 0);
}

static struct ACL entry(int perms, const char *scheme, const char *id) {
  return (struct ACL){perms, {(char *)scheme, (char *)id}};
}

static int get(struct session *session, const char *path) {
  char data[16];
  int length = sizeof data;
  return zoo_get(session->handle, path, 0, data, &length, NULL);
}

struct auth_result {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  bool is_known;
  int rc;
};

static void on_auth(int rc, const void *data) {
  struct auth_result *result = (struct auth_result *)data;
  pthread_mutex_lock(&result->mutex);
  result->rc = rc;
  result->is_known = true;
  pthread_cond_signal(&result->changed);
  pthread_mutex_unlock(&result->mutex);
}

// Authenticates and waits; the result is never freed, for the client keeps the pointer.
static int authenticate(struct session *session, const char *scheme, const char *text,
                        struct auth_result *result) {
  pthread_mutex_init(&result->mutex, NULL);
  pthread_cond_init(&result->changed, NULL);
  int rc = zoo_add_auth(session->handle, scheme, text, (int)strlen(text), on_auth, result);
  if (rc != ZOK) return rc;
  pthread_mutex_lock(&result->mutex);
  while (!result->is_known) pthread_cond_wait(&result->changed, &result->mutex);
  pthread_mutex_unlock(&result->mutex);
  return result->rc;
}

static finding creator_all(struct session *walker, struct session *stranger) {
  struct ACL_vector acl;
  EXPECT_EQUAL(ZINVALIDACL, zoo_create(stranger->handle, "/acl", "x", 1, &ZOO_CREATOR_ALL_ACL,
                                       ZOO_PERSISTENT, NULL, 0));
  EXPECT_EQUAL(ZOK, zoo_create(walker->handle, "/acl", "x", 1, &ZOO_CREATOR_ALL_ACL,
                               ZOO_PERSISTENT, NULL, 0));
  EXPECT_EQUAL(ZOK, zoo_get_acl(walker->handle, "/acl", &acl, NULL));
  EXPECT_EQUAL(1, acl.count);
  EXPECT_EQUAL(ZOO_PERM_ALL, acl.data[0].perms);
  EXPECT_TEXT("digest", acl.data[0].id.scheme);
  EXPECT(strncmp("walker:", acl.data[0].id.id, 7) == 0);
  deallocate_ACL_vector(&acl);
  EXPECT_EQUAL(ZNOAUTH, get(stranger, "/acl"));
  EXPECT_EQUAL(ZNOAUTH, set_znode(stranger, "/acl", ""));
  EXPECT_EQUAL(ZNOAUTH, zoo_get_acl(stranger->handle, "/acl", &acl, NULL));
  EXPECT_EQUAL(ZNOAUTH, zoo_set_acl(stranger->handle, "/acl", -1, &ZOO_OPEN_ACL_UNSAFE));
  EXPECT_EQUAL(ZNOAUTH, create_znode(stranger, "/acl/x", "", ZOO_PERSISTENT));
  EXPECT_EQUAL(ZOK, create_znode(walker, "/acl/open", "", ZOO_PERSISTENT));
  // It is the parent's DELETE that counts.
  EXPECT_EQUAL(ZNOAUTH, zoo_delete(stranger->handle, "/acl/open", -1));
  EXPECT_EQUAL(ZOK, zoo_delete(walker->handle, "/acl/open", -1));
  return NULL;
}

static finding digest(struct session *walker, struct session *stranger) {
  struct ACL_vector acl;
  EXPECT_EQUAL(ZOK, zoo_get_acl(walker->handle, "/acl", &acl, NULL));
  char owner[64];
  snprintf(owner, sizeof owner, "%s", acl.data[0].id.id);
  deallocate_ACL_vector(&acl);
  struct ACL acls[] = {entry(ZOO_PERM_ALL, "digest", owner),
                       entry(ZOO_PERM_READ, "world", "anyone")};
  EXPECT_EQUAL(ZOK, create_with(stranger, "/acl-digest", 2, acls));
  EXPECT_EQUAL(ZOK, get(stranger, "/acl-digest"));
  EXPECT_EQUAL(ZNOAUTH, set_znode(stranger, "/acl-digest", ""));
  EXPECT_EQUAL(ZOK, zoo_get_acl(stranger->handle, "/acl-digest", &acl, NULL));
  EXPECT_EQUAL(2, acl.count);
  EXPECT_TEXT("walker:x", acl.data[0].id.id);  // Without ADMIN the hash is not shown.
  deallocate_ACL_vector(&acl);
  EXPECT_EQUAL(ZOK, set_znode(walker, "/acl-digest", ""));
  return NULL;
}

static finding address(struct session *session) {
  struct ACL here = entry(ZOO_PERM_ALL, "ip", "127.0.0.1");
  EXPECT_EQUAL(ZOK, create_with(session, "/acl-here", 1, &here));
  EXPECT_EQUAL(ZOK, set_znode(session, "/acl-here", "y"));
  struct ACL elsewhere = entry(ZOO_PERM_ALL, "ip", "10.0.0.0/8");
  EXPECT_EQUAL(ZOK, create_with(session, "/acl-elsewhere", 1, &elsewhere));
  EXPECT_EQUAL(ZNOAUTH, get(session, "/acl-elsewhere"));
  EXPECT_EQUAL(ZOK, zoo_delete(session->handle, "/acl-elsewhere", -1));
  return NULL;
}

static finding set(struct session *walker, struct session *stranger) {
  struct ACL_vector acl;
  struct Stat stat;
  EXPECT_EQUAL(ZOK, create_znode(walker, "/acl-set", "", ZOO_PERSISTENT));
  EXPECT_EQUAL(ZBADVERSION, zoo_set_acl(walker->handle, "/acl-set", 5, &ZOO_CREATOR_ALL_ACL));
  EXPECT_EQUAL(ZOK, zoo_set_acl(walker->handle, "/acl-set", 0, &ZOO_CREATOR_ALL_ACL));
  EXPECT_EQUAL(ZOK, zoo_get_acl(walker->handle, "/acl-set", &acl, &stat));
  deallocate_ACL_vector(&acl);
  EXPECT_EQUAL(1, stat.aversion);
  EXPECT_EQUAL(0, stat.version);
  EXPECT_EQUAL(stat.czxid, stat.mzxid);
  EXPECT_EQUAL(ZNOAUTH, get(stranger, "/acl-set"));
  return NULL;
}

static finding invalid(struct session *session) {
  struct ACL bad[] = {entry(ZOO_PERM_ALL, "nonsense", "x"), entry(ZOO_PERM_ALL, "world", "someone"),
                      entry(ZOO_PERM_ALL, "ip", "300.1.2.3"),
                      entry(ZOO_PERM_ALL, "digest", "no-colon")};
  for (int i = 0; i < 4; i++) {
    EXPECT_EQUAL(ZINVALIDACL, create_with(session, "/acl-bad", 1, &bad[i]));
  }
  return NULL;
}

static finding auth_failed(const char *connect_string) {
  static struct session session;
  static struct auth_result result;
  TRY(session_open(&session, connect_string, kLongTimeoutMs));
  EXPECT_EQUAL(ZAUTHFAILED, authenticate(&session, "nonsense", "x", &result));
  session_close(&session);
  return NULL;
}

void check_acls(const char *connect_string, struct session *stranger) {
  static struct session walker;
  static struct auth_result result;
  finding opened = session_open(&walker, connect_string, kLongTimeoutMs);
  if (opened != NULL) {
    report("acl.session", opened);
    return;
  }
  int rc = authenticate(&walker, "digest", "walker:secret", &result);
  report("acl.auth", rc == ZOK ? NULL : failed("add_auth: %s", zerror(rc)));
  report("acl.creator-all", creator_all(&walker, stranger));
  report("acl.digest", digest(&walker, stranger));
  report("acl.ip", address(stranger));
  report("acl.set", set(&walker, stranger));
  report("acl.invalid", invalid(stranger));
  report("acl.auth-failed", auth_failed(connect_string));
  session_close(&walker);
}
