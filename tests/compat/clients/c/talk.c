#include "talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failure_count;

void report(const char *name, finding failure) {
  if (failure == NULL) {
    printf("ok %s\n", name);
  } else {
    failure_count++;
    printf("FAIL %s: %s\n", name, failure);
  }
  fflush(stdout);
}

void ask(const char *request) {
  printf("%s\n", request);
  fflush(stdout);
  char answer[64];
  if (fgets(answer, sizeof answer, stdin) == NULL || strcmp(answer, "done\n") != 0) {
    fprintf(stderr, "asked for '%s', was not answered\n", request);
    exit(2);
  }
}

int failures(void) { return failure_count; }

finding failed(const char *format, ...) {
  static char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return text;
}
