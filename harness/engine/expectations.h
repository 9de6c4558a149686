/* Expectations: the known deviations of targets, so that a run is red only
 * where something changed.  harness/doc/expectations.md is the page.
 *
 * A text file, a word and its value a line; blank lines and lines that begin
 * with '#' mean nothing:
 *
 *   target  asyncio asyncio-poll     whose; globs; holds until the next `target`
 *   rule    C1                       begins an entry
 *   version 3.7+ 3.12.0-3.12.8       of the target; without it: every one
 *   reason  why this is so           one line
 *   link    https://...              may be left out
 *   case    closing/close-in-*       names or globs; as many such lines as it takes */
#ifndef WEIR_EXPECTATIONS_H
#define WEIR_EXPECTATIONS_H

#include <stdio.h>

#include "engine/engine.h"

enum {
  WEIR_EXPECTATIONS_SIZE_MAX = 1 << 20, /* bytes of a file */
  WEIR_EXPECTATIONS_MAX = 4096,         /* entries, of all files */
  WEIR_EXPECTATION_VERSIONS_MAX = 64,
  WEIR_VERSION_PARTS = 4
};

/* The reason of an entry that nobody has looked at yet. */
#define WEIR_EXPECTATION_NEW "new: look at it"

/* Versions from low to high, both included; of high only the parts that are
 * there count: 3.12 is all of 3.12.x.  A part that is not there is -1. */
typedef struct weir_version_range {
  int low[WEIR_VERSION_PARTS], high[WEIR_VERSION_PARTS];
  bool open; /* no high end */
} weir_version_range;

/* Reads "3.12.0-3.12.8", "3.7+", "-3.10" or "3.12".  False: it is none of these. */
bool weir_version_range_parse(const char *text, weir_version_range *range);
bool weir_version_range_has(const weir_version_range *range, const char *version);

/* The strings of an entry live in the text of its file. */
typedef struct weir_expectation {
  unsigned rule;
  uint32_t line;
  uint32_t file;
  const char *targets; /* globs, separated by blanks */
  const char *version; /* as it was written; NULL: every one */
  const char *reason;
  const char *link; /* or NULL */
  weir_version_range versions[WEIR_EXPECTATION_VERSIONS_MAX];
  size_t version_count;
  size_t first_glob, glob_count; /* in the globs of all */
} weir_expectation;

typedef struct weir_expectation_glob {
  const char *text;
  uint32_t line;
  bool plain; /* no glob at all: a name */
} weir_expectation_glob;

typedef struct weir_expectation_file {
  char *path;
  char *text;
} weir_expectation_file;

typedef struct weir_expectations {
  weir_expectation *entries;
  size_t count, capacity;
  weir_expectation_glob *globs;
  size_t glob_count, glob_capacity;
  weir_expectation_file *files;
  size_t file_count;
} weir_expectations;

/* Adds the entries of a text (which is copied) or of a file to *self, which is
 * {0} at first.  WEIR_BAD_INPUT: problem has the line, and *self is as it was;
 * of a file, problem's text begins with "path:line: ". */
WEIR_MUST_USE weir_status weir_expectations_parse(const char *text, size_t size, const char *path,
                                                  weir_expectations *self, weir_problem *problem);
WEIR_MUST_USE weir_status weir_expectations_load(const char *path, weir_expectations *self, weir_problem *problem);
void weir_expectations_free(weir_expectations *self);

/* Whether the entry is about this target: its name, with or without what
 * follows an '@', and its version. */
bool weir_expectation_applies(const weir_expectation *entry, const char *target, const char *version);
bool weir_expectation_glob_matches(const weir_expectation_glob *glob, const char *name);

/* Holds the expectations against a result: fills what case and target results
 * have for that.  Nothing of it points into the expectations. */
void weir_expectations_apply(const weir_expectations *self, weir_result *result);

/* Writes a file that says what this result says, for a person to review: all
 * of `self` (a NULL is none) as it stands, but for what has gone away and with
 * what is new.  New entries have the reason WEIR_EXPECTATION_NEW and exactly
 * the versions that were run. */
WEIR_MUST_USE weir_status weir_expectations_write(const weir_expectations *self, const weir_result *result, FILE *out);

#endif
