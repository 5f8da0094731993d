// Walks through what the C client offers, on a real server. Arguments: the server's connect
// string, and that of a gate in front of it which the test can shut, freeze and open.
#include <stdio.h>

#include "checks.h"

int main(int count, char **arguments) {
  if (count != 3) return 2;
  const char *server = arguments[1];
  const char *gate = arguments[2];
  static struct session one, two, gated;
  zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
  finding opened = session_open(&one, server, kLongTimeoutMs);
  if (opened == NULL) opened = session_open(&two, server, kLongTimeoutMs);
  if (opened == NULL) opened = session_open(&gated, gate, kLongTimeoutMs);
  if (opened != NULL) {
    fprintf(stderr, "%s\n", opened);
    return 2;
  }
  check_crud(&one);
  check_watches(&one, &two);
  check_multi(&one);
  check_acls(server, &one);
  check_nodes(server, &one);
  check_restarts(&one, &two);
  check_cut(&gated, &two);
  check_expiry(gate, &one);
  session_close(&gated);
  session_close(&two);
  session_close(&one);
  return failures() == 0 ? 0 : 1;
}
