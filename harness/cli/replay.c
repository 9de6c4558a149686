#include <argp.h>
#include <string.h>

#include "cli/cli.h"

enum { PATHS_MAX = 4096 };

typedef struct replay_options {
  weir_cli_campaign campaign;
  const char *paths[PATHS_MAX];
  size_t path_count;
} replay_options;

static const struct argp_option options[] = {WEIR_CLI_CAMPAIGN_OPTIONS, {0}};

static error_t parse(int key, char *value, struct argp_state *state) {
  replay_options *self = state->input;
  if (weir_cli_campaign_option(&self->campaign, key, value, state)) return 0;
  if (key != ARGP_KEY_ARG) return ARGP_ERR_UNKNOWN;
  if (self->campaign.command == NULL && self->campaign.target_count == 0)
    weir_cli_campaign_target(&self->campaign, value, state);
  else if (self->path_count < PATHS_MAX)
    self->paths[self->path_count++] = value;
  else
    argp_error(state, "at most %d paths at a time", PATHS_MAX);
  return 0;
}

static const struct argp parser = {
    .options = options,
    .parser = parse,
    .args_doc = "TARGET PATH...\nPATH... -- COMMAND...",
    .doc = "Run scenario files, or folders of them, on a target and report.\v"
           "Exit status as of `weir test`.",
};

static weir_status load(const replay_options *self, weir_suite *suite, weir_problem *problem) {
  for (size_t i = 0; i < self->path_count; i++) {
    weir_status status = weir_suite_load(self->paths[i], NULL, suite, problem);
    if (status != WEIR_OK) return status;
  }
  /* Named by their paths, so that the command which a report gives finds them again. */
  for (size_t i = 0; i < suite->count; i++)
    if (strlen(suite->cases[i].path) < sizeof suite->cases[i].name)
      (void)snprintf(suite->cases[i].name, sizeof suite->cases[i].name, "%s", suite->cases[i].path);
  if (suite->count > 0) return WEIR_OK;
  return weir_fail(problem, WEIR_BAD_INPUT, 0, "no *.weir was found there");
}

int weir_cli_replay(int argc, char **argv) {
  replay_options self = {.campaign = {.explain = -1, .stalls_max = WEIR_CLI_STALLS_DEFAULT}};
  char name[WEIR_CASE_NAME_MAX];
  self.campaign.command = weir_cli_cut_command(&argc, argv);
  if (!weir_cli_parse(&parser, argc, argv, &self)) return WEIR_EXIT_USAGE;
  if (self.campaign.command != NULL) {
    weir_cli_command_name(self.campaign.command, name, sizeof name);
    self.campaign.targets[self.campaign.target_count++] = name;
  }
  if (self.campaign.target_count == 0 || self.path_count == 0) {
    weir_cli_say("a target and at least one path are needed: `weir replay reference corpus/`");
    return WEIR_EXIT_USAGE;
  }
  weir_problem problem = {.text = ""};
  weir_suite suite = {.count = 0};
  weir_status status = load(&self, &suite, &problem);
  int exit_status = status == WEIR_OK ? weir_cli_campaign_run(&self.campaign, &suite) : weir_cli_fail(status, &problem);
  weir_suite_free(&suite);
  return exit_status;
}
