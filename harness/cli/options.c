#include <argp.h>
#include <string.h>

#include "cli/cli.h"
#include "weir/spec.h"

bool weir_cli_parse(const struct argp *parser, int argc, char **argv, void *input) {
  error_t error = argp_parse(parser, argc, argv, 0, NULL, input);
  if (error != 0) weir_cli_say("the options cannot be read: %s", strerror(error));
  return error == 0;
}

int weir_cli_parse_rule(const char *value, struct argp_state *state) {
  int rule = weir_rule_find(value);
  if (rule < 0) argp_error(state, "there is no rule %s: see `weir list rules`", value);
  return rule;
}
