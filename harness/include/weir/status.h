/* Outcomes of Weir's own functions.
 *
 * A function that can fail returns a weir_status and is marked WEIR_MUST_USE,
 * so that the compiler warns where the outcome is dropped.  What went wrong is
 * told in words through a weir_problem that the caller owns; it is filled only
 * when the status is not WEIR_OK. */
#ifndef WEIR_STATUS_H
#define WEIR_STATUS_H

#include <stdint.h>

#define WEIR_VERSION "0.1.0"

#define WEIR_MUST_USE            __attribute__((warn_unused_result))
#define WEIR_PRINTF(text, first) __attribute__((format(printf, text, first)))

typedef enum weir_status {
  WEIR_OK = 0,
  WEIR_NO_MEMORY,        /* an allocation failed */
  WEIR_BAD_INPUT,        /* a scenario, trace, option or file that cannot be read */
  WEIR_BOUND,            /* a documented bound was reached */
  WEIR_IO,               /* the operating system refused */
  WEIR_UNAVAILABLE,      /* what was asked for is not on this machine */
  WEIR_VERSION_MISMATCH, /* made for another version of this interface */
  WEIR_BROKEN            /* the harness or an adapter broke its own contract */
} weir_status;

enum { WEIR_PROBLEM_TEXT_MAX = 512 };

/* One clear line about a failure: where, what is wrong, what would be right. */
typedef struct weir_problem {
  weir_status status;
  uint32_t line;                    /* 1-based line of the input, 0 where there is none */
  char text[WEIR_PROBLEM_TEXT_MAX]; /* no newline; no file name: the caller knows it */
} weir_problem;

/* Fills *problem (which may be NULL) and returns status, so that a failure is
 * one statement: return weir_fail(problem, WEIR_BAD_INPUT, line, "..."). */
weir_status weir_fail(weir_problem *problem, weir_status status, uint32_t line, const char *format, ...)
    WEIR_PRINTF(4, 5);

/* A word for a status: "no memory", "bad input", ... Never NULL. */
const char *weir_status_name(weir_status status);

#endif
