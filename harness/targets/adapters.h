/* Adapters: the *.target files below the data folder. */
#ifndef WEIR_TARGETS_ADAPTERS_H
#define WEIR_TARGETS_ADAPTERS_H

#include <stdbool.h>
#include <stdio.h>

#include "targets/places.h"
#include "weir/status.h"

enum {
  WEIR_ADAPTER_WORDS_MAX = 32,
  WEIR_ADAPTER_LINE_MAX = 1024,
  WEIR_ADAPTERS_MAX = 256,
  WEIR_ADAPTER_OPTIONS_MAX = 256
};

typedef struct weir_adapter {
  char name[64];                          /* of the file without ".target" */
  char runtime[64];                       /* "python3"; empty: the command is a program itself */
  char least[32];                         /* its least version, empty: any */
  char options[WEIR_ADAPTER_OPTIONS_MAX]; /* the runtime's own words, each ended by 0 */
  unsigned option_count;
  char install[64]; /* what scripts/targets installs for it; empty: nothing */
  bool is_program;  /* the command's first word is looked for like a runtime, not beside the file */
  bool lines;       /* it speaks in lines, over real sockets */
  char folder[WEIR_PLACE_MAX];
  char command[WEIR_ADAPTER_LINE_MAX]; /* words, each ended by 0 */
  unsigned words;
  char summary[WEIR_ADAPTER_LINE_MAX];
} weir_adapter;

/* Reads the lines of a file into what is *adapter = {0} before. */
WEIR_MUST_USE weir_status weir_adapter_parse(FILE *in, weir_adapter *adapter, weir_problem *problem);
/* Reads one file. */
WEIR_MUST_USE weir_status weir_adapter_read(const char *path, weir_adapter *adapter, weir_problem *problem);
/* Every adapter below data_folder/targets, in the order of their names.  Files
 * that cannot be read are visited with the problem; a NULL adapter. */
typedef void weir_adapter_visit(void *context, const char *name, const weir_adapter *adapter,
                                const weir_problem *problem);
WEIR_MUST_USE weir_status weir_adapters_each(const char *data_folder, weir_adapter_visit *visit, void *context,
                                             weir_problem *problem);

#endif
