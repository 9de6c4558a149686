/* The table: a row a target, and below it, a target at a time, what is wrong
 * and with how many cases.  Made to be read from the top: nobody should have to
 * look for the failures. */
#include <string.h>

#include "report/formats.h"
#include "report/text.h"

enum {
  CELL_MAX = 256, /* bytes */
  NAME_MAX_COLUMNS = 28,
  VERSION_MAX_COLUMNS = 16,
  RULES_LEAST = 12,     /* columns for the broken rules; fewer: on lines of their own */
  REASONS_SHOWN_MAX = 6 /* of one verdict and target */
};

enum { HEAD_CASES, HEAD_PASS, HEAD_WARN, HEAD_FAIL, HEAD_KNOWN, HEAD_GONE, HEAD_SKIP, HEAD_ERROR, HEAD_COUNT };

/* Known deviations stand in a column of their own, apart from failures; what
 * has gone away is counted where it came out, and once more. */
static const struct head {
  const char *word;
  int color;
} heads[HEAD_COUNT] = {
    [HEAD_CASES] = {"cases", 0},      [HEAD_PASS] = {"pass", WEIR_GREEN}, [HEAD_WARN] = {"warn", WEIR_YELLOW},
    [HEAD_FAIL] = {"fail", WEIR_RED}, [HEAD_KNOWN] = {"known", WEIR_DIM}, [HEAD_GONE] = {"gone", WEIR_RED},
    [HEAD_SKIP] = {"skip", WEIR_DIM}, [HEAD_ERROR] = {"error", WEIR_RED},
};

typedef struct weir_table {
  const weir_result *result;
  FILE *out;
  bool color;
  unsigned width;
  unsigned name, version, counts[HEAD_COUNT]; /* columns of each column; 0: not shown */
} weir_table;

static unsigned larger(unsigned x, unsigned y) {
  return x > y ? x : y;
}

static unsigned smaller(unsigned x, unsigned y) {
  return x < y ? x : y;
}

static size_t count_of(const weir_target_result *target, size_t head) {
  switch (head) {
  case HEAD_PASS: return target->tally[WEIR_PASS];
  case HEAD_WARN: return target->tally[WEIR_WARN];
  case HEAD_FAIL: return target->tally[WEIR_FAIL] - target->known;
  case HEAD_KNOWN: return target->known;
  case HEAD_GONE: return target->gone;
  case HEAD_SKIP: return target->tally[WEIR_SKIP];
  case HEAD_ERROR: return target->tally[WEIR_ERROR];
  default: return target->count;
  }
}

/* Nobody who expects nothing is shown columns for it. */
static bool is_shown(const weir_result *result, size_t head) {
  if (head == HEAD_KNOWN) return result->expecting;
  size_t gone = 0;
  for (size_t i = 0; i < result->count; i++) gone += result->targets[i].gone;
  return head != HEAD_GONE || gone > 0;
}

static unsigned digits(size_t number) {
  unsigned count = 1;
  for (; number >= 10; number /= 10) count++;
  return count;
}

static unsigned columns_of(const char *text) {
  char clean[WEIR_TEXT_LINE_MAX];
  weir_text_clean(text, clean, sizeof clean);
  return weir_text_columns(clean);
}

static void measure(weir_table *table) {
  table->name = (unsigned)strlen("target");
  table->version = (unsigned)strlen("version");
  for (size_t head = 0; head < HEAD_COUNT; head++)
    table->counts[head] = is_shown(table->result, head) ? (unsigned)strlen(heads[head].word) : 0;
  for (size_t i = 0; i < table->result->count; i++) {
    const weir_target_result *target = &table->result->targets[i];
    table->name = larger(table->name, columns_of(target->name));
    table->version = larger(table->version, columns_of(target->version));
    for (size_t head = 0; head < HEAD_COUNT; head++)
      if (table->counts[head] > 0) table->counts[head] = larger(table->counts[head], digits(count_of(target, head)));
  }
  table->name = smaller(table->name, NAME_MAX_COLUMNS);
  table->version = smaller(table->version, VERSION_MAX_COLUMNS);
}

/* A text in so many columns.  Of one that is too long the end is shown, which
 * is what tells two paths apart. */
static void make_cell(const char *text, unsigned columns, char *out, size_t size) {
  char clean[WEIR_TEXT_LINE_MAX];
  weir_text_clean(text, clean, sizeof clean);
  const char *shown = clean;
  bool cut = weir_text_columns(clean) > columns;
  while (cut && weir_text_columns(shown) + 3 > columns) (void)weir_utf8_next(&shown);
  unsigned taken = weir_text_columns(shown) + (cut ? 3 : 0);
  (void)snprintf(out, size, "%s%s%*s", cut ? "..." : "", shown, (int)(columns - taken), "");
}

/* The broken rules as "C1 P7 (C8)": those that fail, then those that warn. */
static void list_broken(const weir_target_result *target, char *out, size_t size) {
  static const weir_level levels[] = {WEIR_MUST, WEIR_SHOULD};
  size_t length = 0;
  out[0] = 0;
  for (size_t i = 0; i < 2; i++) {
    const char *open = levels[i] == WEIR_SHOULD ? "(" : "";
    bool any = false;
    for (unsigned rule = 0; rule < WEIR_RULE_COUNT && length + 16 < size; rule++) {
      const weir_rule_info *info = weir_rule_get(rule);
      if (info->level != levels[i] || weir_report_broken(target, rule, NULL) == 0) continue;
      length +=
          (size_t)snprintf(out + length, size - length, "%s%s%s", length > 0 ? " " : "", any ? "" : open, info->id);
      any = true;
    }
    if (any && levels[i] == WEIR_SHOULD) (void)snprintf(out + length, size - length, ")");
  }
}

/* Columns before the broken rules. */
static unsigned left_of_rules(const weir_table *table) {
  unsigned columns = table->name + 1 + table->version + 1;
  for (size_t head = 0; head < HEAD_COUNT; head++) columns += table->counts[head] > 0 ? table->counts[head] + 1 : 0;
  return columns + 1;
}

static void write_rules(const weir_table *table, const weir_target_result *target) {
  enum { ALONE = 4 }; /* the indentation of a line of their own */
  char rules[WEIR_TEXT_LINE_MAX];
  list_broken(target, rules, sizeof rules);
  unsigned left = left_of_rules(table);
  if (rules[0] == 0) {
    (void)fputc('\n', table->out);
  } else if (left + RULES_LEAST <= table->width) {
    /* The first line goes on behind the counts: no label, no indentation. */
    size_t first = weir_text_fit(rules, table->width - left);
    while (first > 0 && rules[first] != 0 && rules[first] != ' ') first--;
    (void)fprintf(table->out, "  %.*s\n", (int)first, rules);
    const char *rest = rules + first + strspn(rules + first, " ");
    if (*rest != 0) (void)weir_text_paragraph(table->out, "", left, rest, table->width, WEIR_RULE_COUNT);
  } else {
    (void)fputc('\n', table->out);
    (void)weir_text_paragraph(table->out, "", ALONE, rules, table->width, WEIR_RULE_COUNT);
  }
}

static void write_unavailable(const weir_table *table, const weir_target_result *target, const char *name) {
  char text[WEIR_TEXT_LINE_MAX];
  (void)snprintf(text, sizeof text, "not available: %s", target->unavailable);
  (void)weir_text_paragraph(table->out, name, table->name + 1, text, table->width, 3);
}

static void write_row(const weir_table *table, const weir_target_result *target) {
  char name[CELL_MAX], version[CELL_MAX];
  make_cell(target->name, table->name, name, sizeof name);
  make_cell(target->version, table->version, version, sizeof version);
  if (target->unavailable[0] != 0) {
    write_unavailable(table, target, name);
    return;
  }
  (void)fprintf(table->out, "%s %s ", name, version);
  for (size_t head = 0; head < HEAD_COUNT; head++) {
    if (table->counts[head] == 0) continue;
    size_t count = count_of(target, head);
    bool painted = table->color && head > 0 && count > 0;
    weir_text_paint(table->out, painted, heads[head].color);
    (void)fprintf(table->out, "%*zu", (int)table->counts[head], count);
    weir_text_plain(table->out, painted);
    if (head + 1 < HEAD_COUNT) (void)fputc(' ', table->out);
  }
  write_rules(table, target);
}

static void write_head(const weir_table *table) {
  weir_text_paint(table->out, table->color, WEIR_BOLD);
  (void)fprintf(table->out, "%-*s %-*s ", (int)table->name, "target", (int)table->version, "version");
  for (size_t head = 0; head < HEAD_COUNT; head++)
    if (table->counts[head] > 0) (void)fprintf(table->out, "%*s ", (int)table->counts[head], heads[head].word);
  if (left_of_rules(table) + RULES_LEAST <= table->width) (void)fputs(" rules broken", table->out);
  weir_text_plain(table->out, table->color);
  (void)fputc('\n', table->out);
}

/* ---- Below the rows */

static const char *plural(size_t count) {
  return count == 1 ? " " : "s";
}

/* Of the cases that break a rule, those where that is known; *first is the first where it is not. */
static size_t count_known(const weir_target_result *target, unsigned rule, const weir_case_result **first) {
  size_t count = 0;
  bool any_new = false;
  for (size_t i = 0; i < target->count; i++) {
    if (!weir_report_breaks(&target->cases[i], rule)) continue;
    bool known = weir_case_knows(&target->cases[i], rule);
    count += known;
    if (!known && !any_new) *first = &target->cases[i];
    any_new = any_new || !known;
  }
  return count;
}

/* Where the first of them crashed, if that is how this rule was broken. */
static void write_stack(const weir_table *table, const weir_case_result *first, unsigned rule) {
  char text[WEIR_TEXT_LINE_MAX];
  for (size_t i = 0; i < first->finding_count; i++) {
    if (first->findings[i].rule != rule || !weir_report_stack(first, &first->findings[i], text, sizeof text)) continue;
    (void)weir_text_paragraph(table->out, "", 14, text, table->width, 2);
    return;
  }
}

static void write_rule_group(const weir_table *table, const weir_target_result *target, unsigned rule) {
  const weir_case_result *first = NULL;
  size_t count = weir_report_broken(target, rule, &first), known = count_known(target, rule, &first);
  if (count == 0) return;
  const weir_rule_info *info = weir_rule_get(rule);
  char label[64];
  char text[WEIR_TEXT_LINE_MAX];
  (void)snprintf(label, sizeof label, "  %-6s %-4s", weir_level_name(info->level), info->id);
  int size = snprintf(text, sizeof text, "%4zu case%s", count, known > 0 && count == 1 ? "" : plural(count));
  if (known > 0) size += snprintf(text + size, sizeof text - (size_t)size, ", %zu known: ", known);
  (void)snprintf(text + size, sizeof text - (size_t)size, "%s%s", known > 0 ? "" : " ", weir_report_case_name(first));
  (void)weir_text_paragraph(table->out, label, 14, text, table->width, 2);
  (void)weir_text_paragraph(table->out, "", 14, info->sentence, table->width, 2);
  write_stack(table, first, rule);
}

/* What has gone away, a line a case: each is a line of a file that somebody has to take out. */
static void write_gone(const weir_table *table, const weir_target_result *target, unsigned rule) {
  for (size_t i = 0; i < target->count; i++) {
    if ((target->cases[i].gone[rule / 64] >> rule % 64 & 1) == 0) continue;
    char label[64], text[WEIR_TEXT_LINE_MAX];
    (void)snprintf(label, sizeof label, "  gone   %-4s", weir_rule_get(rule)->id);
    (void)snprintf(text, sizeof text, "%s: an unexpected pass", weir_report_case_name(&target->cases[i]));
    (void)weir_text_paragraph(table->out, label, 14, text, table->width, 2);
  }
}

static bool same_reason(const weir_case_result *left, const weir_case_result *right) {
  return left->verdict == right->verdict && strcmp(left->reason, right->reason) == 0;
}

/* Cases with this verdict and a reason, grouped by it. */
static void write_reason_groups(const weir_table *table, const weir_target_result *target, weir_verdict verdict,
                                const char *word) {
  unsigned shown = 0;
  for (size_t i = 0; i < target->count; i++) {
    const weir_case_result *result = &target->cases[i];
    if (result->verdict != verdict || result->reason[0] == 0) continue;
    bool first = true;
    for (size_t k = 0; k < i && first; k++) first = !same_reason(&target->cases[k], result);
    if (!first) continue;
    if (++shown > REASONS_SHOWN_MAX) {
      (void)fprintf(table->out, "  %-11s ...\n", word);
      return;
    }
    size_t count = 0;
    for (size_t k = i; k < target->count; k++) count += same_reason(&target->cases[k], result);
    char label[64], text[WEIR_TEXT_LINE_MAX];
    (void)snprintf(label, sizeof label, "  %-11s", word);
    (void)snprintf(text, sizeof text, "%4zu case%s %s", count, plural(count), weir_report_case_name(result));
    (void)weir_text_paragraph(table->out, label, 14, text, table->width, 2);
    (void)weir_text_paragraph(table->out, "", 14, result->reason, table->width, 3);
  }
}

/* Rules that no case put to the test have not been kept: said, not hidden. */
static void write_untested(const weir_table *table, const weir_target_result *target) {
  char rules[WEIR_TEXT_LINE_MAX] = "";
  size_t length = 0;
  for (unsigned rule = 0; rule < WEIR_RULE_COUNT && length + 16 < sizeof rules; rule++) {
    const weir_rule_info *info = weir_rule_get(rule);
    if (!weir_report_judged(target, rule) || weir_report_exercised(target, rule)) continue;
    length += (size_t)snprintf(rules + length, sizeof rules - length, "%s%s", length > 0 ? " " : "", info->id);
  }
  if (length > 0) (void)weir_text_paragraph(table->out, "  untested", 14, rules, table->width, 4);
}

/* What a pass stands for: a proof says what it has proved. */
static void write_notes(const weir_table *table, const weir_target_result *target) {
  for (size_t i = 0; i < target->count; i++) {
    const weir_case_result *result = &target->cases[i];
    if (!result->proof || result->note[0] == 0 || result->verdict == WEIR_FAIL) continue;
    char text[WEIR_TEXT_LINE_MAX];
    (void)snprintf(text, sizeof text, "%s: %s", weir_report_case_name(result), result->note);
    (void)weir_text_paragraph(table->out, "  shown", 14, text, table->width, 6);
  }
}

static const weir_case_result *worst_case(const weir_target_result *target) {
  for (size_t i = 0; i < target->count; i++)
    if (target->cases[i].verdict == WEIR_FAIL && !target->cases[i].all_known) return &target->cases[i];
  for (size_t i = 0; i < target->count; i++)
    if (target->cases[i].verdict == WEIR_FAIL) return &target->cases[i];
  for (size_t i = 0; i < target->count; i++)
    if (target->cases[i].verdict == WEIR_WARN) return &target->cases[i];
  return NULL;
}

static void write_target(const weir_table *table, const weir_target_result *target) {
  char name[WEIR_TEXT_LINE_MAX];
  weir_text_clean(target->name, name, sizeof name);
  weir_text_paint(table->out, table->color, WEIR_BOLD);
  (void)fputc('\n', table->out);
  (void)weir_text_paragraph(table->out, "", 0, name, table->width, 2);
  weir_text_plain(table->out, table->color);
  static const weir_level levels[] = {WEIR_MUST, WEIR_SHOULD};
  for (size_t i = 0; i < 2; i++)
    for (unsigned rule = 0; rule < WEIR_RULE_COUNT; rule++)
      if (weir_rule_get(rule)->level == levels[i]) write_rule_group(table, target, rule);
  for (unsigned rule = 0; rule < WEIR_RULE_COUNT; rule++) write_gone(table, target, rule);
  write_reason_groups(table, target, WEIR_ERROR, "error");
  write_reason_groups(table, target, WEIR_SKIP, "skip");
  write_reason_groups(table, target, WEIR_PASS, "pass, but");
  write_untested(table, target);
  write_notes(table, target);
  const weir_case_result *worst = worst_case(target);
  if (worst == NULL) return;
  if (target->protocol) {
    (void)fprintf(table->out, "  to see one:   %s\n", worst->again);
    return;
  }
  char case_name[WEIR_TEXT_LINE_MAX];
  weir_text_clean(weir_report_case_name(worst), case_name, sizeof case_name);
  if (case_name[0] != 0) (void)fprintf(table->out, "  to see one:   weir run %s %s\n", name, case_name);
}

static bool has_more(const weir_target_result *target) {
  if (target->protocol) return target->count > 0;
  if (target->unavailable[0] != 0 || target->count == 0) return false;
  for (unsigned rule = 0; rule < WEIR_RULE_COUNT; rule++)
    if (weir_report_judged(target, rule) && !weir_report_exercised(target, rule)) return true;
  for (size_t i = 0; i < target->count; i++)
    if (target->cases[i].verdict != WEIR_PASS || target->cases[i].reason[0] != 0 ||
        !weir_case_expected(&target->cases[i]))
      return true;
  return false;
}

void weir_report_table(const weir_result *result, const weir_report_options *options, FILE *out) {
  weir_table table = {.result = result,
                      .out = out,
                      .color = options->color,
                      .width = options->width != 0 ? options->width : WEIR_WIDTH_DEFAULT};
  measure(&table);
  write_head(&table);
  for (size_t i = 0; i < result->count; i++) write_row(&table, &result->targets[i]);
  if (options->brief) return;
  for (size_t i = 0; i < result->count; i++)
    if (has_more(&result->targets[i])) write_target(&table, &result->targets[i]);
}
