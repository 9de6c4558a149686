/* The formats behind weir_report_write, and what they share. */
#ifndef WEIR_REPORT_FORMATS_H
#define WEIR_REPORT_FORMATS_H

#include "report/report.h"

enum { WEIR_WIDTH_DEFAULT = 80 };

/* Each writes all it can; what the stream says of it is looked at afterwards. */
void weir_report_table(const weir_result *result, const weir_report_options *options, FILE *out);
void weir_report_tap(const weir_result *result, FILE *out);
void weir_report_junit(const weir_result *result, FILE *out);
WEIR_MUST_USE weir_status weir_report_json(const weir_result *result, FILE *out);

/* Whether a rule was broken in a case. */
bool weir_report_breaks(const weir_case_result *result, unsigned rule);
/* Cases of a target in which a rule was broken. */
size_t weir_report_broken(const weir_target_result *target, unsigned rule, const weir_case_result **first);
/* Whether the rule is judged in a target of this role. */
bool weir_report_judged(const weir_target_result *target, unsigned rule);
/* Whether any case put the rule to the test. */
bool weir_report_exercised(const weir_target_result *target, unsigned rule);
/* The name of its case, or "" where it has none (a trace recorded elsewhere). */
const char *weir_report_case_name(const weir_case_result *result);
/* "abort+0x12 (libc.so.6) < faulty_abort+0x9 (faulty.so) < ...": where a case
 * crashed, in one line; false: it did not, or nobody knows. */
bool weir_report_stack(const weir_case_result *result, const weir_finding *finding, char *out, size_t size);
/* What was read before the finding's own words: "C1 MUST". */
const weir_rule_info *weir_report_rule(const weir_finding *finding);

#endif
