/* One failure, for a person, in a screen of 80 columns and 24 lines. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/formats.h"
#include "report/legal.h"
#include "report/text.h"
#include "report/window.h"
#include "trace/codec.h"

enum {
  SCREEN_WIDTH = 80,
  SCREEN_LINES = 23, /* and one for the prompt */
  WIDTH_LEAST = 40,
  LABEL = 9,         /* columns of "case", "rule", ... */
  COMMAND_LINES = 6, /* names have a bound; one that is full of quotes is cut */
  COMMAND_MAX = 2048,
  EVENTS_LEAST = 4
};

/* A page that counts its lines. */
typedef struct weir_page {
  FILE *out;
  bool color;
  unsigned width;
  unsigned lines;
  bool terse; /* long names leave no room for what the rule's sentence says as well */
} weir_page;

static void put_paragraph(weir_page *page, const char *label, const char *text, unsigned lines_max) {
  page->lines += weir_text_paragraph(page->out, label, LABEL, text, page->width, lines_max);
}

static void end_line(weir_page *page) {
  (void)fputc('\n', page->out);
  page->lines++;
}

/* A trace that was recorded elsewhere is judged without a case around it. */
static weir_verdict verdict_of(const weir_case_result *of, const weir_finding *finding) {
  if (of->verdict != WEIR_PASS) return of->verdict;
  return weir_report_rule(finding)->level == WEIR_MUST ? WEIR_FAIL : WEIR_WARN;
}

static void put_head(weir_page *page, const weir_target_result *target, const weir_case_result *of,
                     weir_verdict verdict) {
  char text[WEIR_TEXT_LINE_MAX];
  (void)snprintf(text, sizeof text, "%s%s%s", target->name, target->version[0] != 0 ? "  " : "", target->version);
  weir_text_paint(page->out, page->color, verdict == WEIR_WARN ? WEIR_YELLOW : WEIR_RED);
  put_paragraph(page, weir_verdict_name(verdict), text[0] != 0 ? text : "a recorded trace", 1);
  weir_text_plain(page->out, page->color);
  if (of->of == NULL) return;
  bool titled = of->of->about.title[0] != 0;
  (void)snprintf(text, sizeof text, "%s%s%s", of->of->name, titled ? ": " : "", titled ? of->of->about.title : "");
  put_paragraph(page, "case", text, 2);
}

static void put_rule(weir_page *page, const weir_finding *finding) {
  const weir_rule_info *rule = weir_report_rule(finding);
  char text[WEIR_TEXT_LINE_MAX];
  (void)snprintf(text, sizeof text, "%s %s: %s", rule->id, weir_level_name(rule->level), rule->sentence);
  put_paragraph(page, "rule", text, 3);
  /* A rule may have several sources: the first is looked up. */
  char first[32] = "";
  size_t length = strcspn(rule->source, " ");
  if (length < sizeof first) memcpy(first, rule->source, length);
  const char *sentence = weir_source_get(rule->source);
  if (sentence == NULL && first[0] != 0) sentence = weir_source_get(first);
  if (rule->source[0] == 0) return;
  (void)snprintf(text, sizeof text, "%s%s%s", rule->source, sentence != NULL ? ": " : "",
                 sentence != NULL ? sentence : "");
  put_paragraph(page, "source", text, 3);
}

static void put_message(weir_page *page, const weir_finding *finding) {
  char text[WEIR_TEXT_LINE_MAX];
  int length = snprintf(text, sizeof text, "%s", finding->message);
  if (finding->count > 1 && length > 0 && (size_t)length < sizeof text)
    (void)snprintf(text + length, sizeof text - (size_t)length, " (%" PRIu32 " times in this run)", finding->count);
  put_paragraph(page, "broken", text, 3);
}

static void put_stack(weir_page *page, const weir_case_result *of, const weir_finding *finding) {
  char text[WEIR_TEXT_LINE_MAX];
  if (weir_report_stack(of, finding, text, sizeof text)) put_paragraph(page, "stack", text, page->terse ? 2 : 4);
}

/* The message tells what was legal in place of most things; where the machine
 * itself forbids a callback, its table does. */
static void put_legal(weir_page *page, const weir_case_result *of, const weir_finding *finding) {
  if (page->terse) return;
  char text[WEIR_TEXT_LINE_MAX];
  weir_legal_describe(of->records, of->record_count, finding->event, text, sizeof text);
  if (text[0] != '\0') put_paragraph(page, "legal", text, 3);
}

/* ---- The command that repeats it, to be copied as it stands. */

static void append(char *out, size_t size, const char *text) {
  size_t length = strlen(out);
  (void)snprintf(out + length, size - length, "%s", text);
}

/* A word for a shell: as it is, or in double quotes, inside which a line may be
 * broken as well. */
static void append_word(char *out, size_t size, const char *word) {
  static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
  if (word[0] != 0 && strspn(word, safe) == strlen(word)) {
    append(out, size, word);
    return;
  }
  append(out, size, "\"");
  for (const char *c = word; *c != 0; c++) {
    if (strchr("$`\"\\", *c) != NULL) append(out, size, "\\");
    append(out, size, (const char[]){*c, 0});
  }
  append(out, size, "\"");
}

/* Broken with a backslash where it is too long for a line: still one command. */
static void put_command(weir_page *page, const char *command) {
  (void)fprintf(page->out, "%-*s", LABEL, "again");
  unsigned room = page->width - LABEL;
  for (unsigned lines = 1;; lines++) {
    page->lines++;
    if (weir_text_columns(command) <= room) {
      (void)fprintf(page->out, "%s\n", command);
      return;
    }
    size_t size = weir_text_fit(command, room - 1);
    if (lines == COMMAND_LINES) {
      size = weir_text_fit(command, room - 3);
      (void)fprintf(page->out, "%.*s...\n", (int)size, command);
      return;
    }
    /* A backslash that is split from what it quotes would quote the newline. */
    while (size > 1 && command[size - 1] == '\\') size--;
    (void)fprintf(page->out, "%.*s\\\n", (int)size, command);
    command += size;
    room = page->width;
  }
}

static void make_command(const weir_target_result *target, const weir_case_result *of, char *out, size_t size) {
  if (of->again[0] != 0) {
    weir_text_clean(of->again, out, size);
    return;
  }
  char words[COMMAND_MAX] = "weir ";
  append(words, sizeof words, target->name[0] != 0 ? "run " : "check ");
  if (target->name[0] != 0) append_word(words, sizeof words, target->name);
  if (target->name[0] != 0) append(words, sizeof words, " ");
  append_word(words, sizeof words, of->of->name);
  weir_text_clean(words, out, size);
}

/* ---- The events */

static void put_event(weir_page *page, const weir_record *records, const uint8_t *depths, uint32_t index,
                      const weir_finding *finding) {
  char line[256], clean[256], text[320];
  (void)weir_trace_print(&records[index], depths[index], line, sizeof line);
  weir_text_clean(line, clean, sizeof clean);
  bool broke = index == finding->event;
  const char *mark = broke ? "here -->" : index == finding->since ? "since" : "";
  int length = snprintf(text, sizeof text, "%*" PRIu32 "  ", 6, index);
  unsigned room = page->width - LABEL - (unsigned)length;
  bool cut = weir_text_columns(clean) > room;
  size_t size = weir_text_fit(clean, cut ? room - 3 : room);
  if (broke)
    weir_text_paint(page->out, page->color, WEIR_RED);
  else if (mark[0] != 0)
    weir_text_paint(page->out, page->color, WEIR_YELLOW);
  (void)fprintf(page->out, "%-*s%s%.*s%s", LABEL, mark, text, (int)size, clean, cut ? "..." : "");
  weir_text_plain(page->out, page->color && mark[0] != 0);
  end_line(page);
}

static void put_gap(weir_page *page) {
  (void)fprintf(page->out, "%-*s%6s", LABEL, "", "...");
  end_line(page);
}

static weir_status put_events(weir_page *page, const weir_case_result *of, const weir_finding *finding,
                              unsigned lines) {
  uint8_t *depths = malloc(of->record_count);
  if (depths == NULL) return WEIR_NO_MEMORY;
  weir_trace_depths(of->records, of->record_count, depths);
  weir_window window;
  weir_window_choose(of->records, depths, of->record_count, finding->event, finding->since, lines, &window);
  uint32_t next = 0;
  for (uint32_t i = 0; i < window.count; i++) {
    if (window.events[i] > next) put_gap(page);
    put_event(page, of->records, depths, window.events[i], finding);
    next = window.events[i] + 1;
  }
  if (next < of->record_count) put_gap(page);
  free(depths);
  return WEIR_OK;
}

/* What was observed, side by side: in place of events. */
static void put_detail(weir_page *page, const char *detail) {
  end_line(page);
  for (const char *line = detail; *line != 0;) {
    size_t length = strcspn(line, "\n");
    char raw[WEIR_TEXT_LINE_MAX], clean[WEIR_TEXT_LINE_MAX];
    (void)snprintf(raw, sizeof raw, "%.*s", (int)length, line);
    weir_text_clean(raw, clean, sizeof clean);
    (void)fprintf(page->out, "%.*s", (int)weir_text_fit(clean, page->width), clean);
    end_line(page);
    line += length + (line[length] != 0);
  }
  end_line(page);
}

/* Everything but the events, whose lines are what is left. */
static weir_status put_all(weir_page *page, const weir_target_result *target, const weir_case_result *of,
                           const weir_finding *finding, unsigned *event_lines) {
  weir_status status = WEIR_OK;
  put_head(page, target, of, verdict_of(of, finding));
  put_rule(page, finding);
  if (of->record_count > 0) end_line(page);
  if (of->record_count > 0 && *event_lines > 0) status = put_events(page, of, finding, *event_lines);
  if (of->record_count > 0) end_line(page);
  if (of->detail != NULL) put_detail(page, of->detail);
  put_message(page, finding);
  put_stack(page, of, finding);
  put_legal(page, of, finding);
  if (of->of == NULL) return status;
  char command[COMMAND_MAX];
  make_command(target, of, command, sizeof command);
  put_command(page, command);
  return status;
}

/* How many lines the rest takes: it is written once to nowhere. */
static weir_status measure(const weir_page *page, const weir_target_result *target, const weir_case_result *of,
                           const weir_finding *finding, unsigned *lines) {
  char *unused = NULL;
  size_t size = 0;
  weir_page draft = {.out = open_memstream(&unused, &size), .width = page->width, .terse = page->terse};
  if (draft.out == NULL) return WEIR_NO_MEMORY;
  unsigned none = 0;
  weir_status status = put_all(&draft, target, of, finding, &none);
  if (fclose(draft.out) != 0) status = WEIR_NO_MEMORY;
  free(unused);
  *lines = draft.lines;
  return status;
}

weir_status weir_report_finding(const weir_target_result *target, const weir_case_result *of,
                                const weir_finding *finding, const weir_report_options *options, FILE *out) {
  weir_page page = {.out = out, .color = options != NULL && options->color, .width = SCREEN_WIDTH};
  if (options != NULL && options->width != 0 && options->width < SCREEN_WIDTH) page.width = options->width;
  if (page.width < WIDTH_LEAST) page.width = WIDTH_LEAST;
  unsigned others = 0;
  weir_status status = measure(&page, target, of, finding, &others);
  if (status == WEIR_OK && others + EVENTS_LEAST > SCREEN_LINES) {
    page.terse = true;
    status = measure(&page, target, of, finding, &others);
  }
  if (status != WEIR_OK) return status;
  unsigned lines = others + EVENTS_LEAST < SCREEN_LINES ? SCREEN_LINES - others : EVENTS_LEAST;
  status = put_all(&page, target, of, finding, &lines);
  if (status != WEIR_OK) return status;
  return fflush(out) == 0 && !ferror(out) ? WEIR_OK : WEIR_IO;
}
