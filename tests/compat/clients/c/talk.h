// The walk's talk with the test that started it: findings and requests go out on stdout, one per
// line, answers come in on stdin. A check is a function that returns NULL, or what did not hold.
#pragma once

#include <stdarg.h>
#include <stdbool.h>

typedef const char* finding;

// Reports one check; a failure is counted and the walk goes on.
void report(const char* name, finding failure);

// Asks the test for something (a restart, a move of the gate) and waits until it is done.
void ask(const char* request);

int failures(void);

// A finding from printf-style text; it lives until the next one is made.
finding failed(const char* format, ...) __attribute__((format(printf, 1, 2)));

#define EXPECT(condition)                                                         \
  do {                                                                            \
    if (!(condition)) return failed("%s:%d: %s", __FILE__, __LINE__, #condition); \
  } while (0)

#define EXPECT_EQUAL(expected, actual)                                                            \
  do {                                                                                            \
    long long expected_ = (expected), actual_ = (actual);                                         \
    if (expected_ != actual_)                                                                     \
      return failed("%s:%d: %s: expected %lld, got %lld", __FILE__, __LINE__, #actual, expected_, \
                    actual_);                                                                     \
  } while (0)

#define EXPECT_TEXT(expected, actual)                                                      \
  do {                                                                                     \
    const char *expected_ = (expected), *actual_ = (actual);                               \
    if (strcmp(expected_, actual_) != 0)                                                   \
      return failed("%s:%d: %s: expected \"%s\", got \"%s\"", __FILE__, __LINE__, #actual, \
                    expected_, actual_);                                                   \
  } while (0)

// Passes on what a helper found.
#define TRY(helper)                    \
  do {                                 \
    finding found_ = (helper);         \
    if (found_ != NULL) return found_; \
  } while (0)
