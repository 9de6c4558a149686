/* The rules, each kept and broken by a trace of its own, and what must not be
 * taken for a breach.  A row names every finding that the trace has to give, as
 * RULE@RECORD; no other may come. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "trace_words.h"
#include "weir/validator.h"

typedef struct row {
  const char *trace;
  const char *findings; /* "" : none */
} row;

/* Judges a trace and writes its findings as a row does. */
static weir_judgement judge(const char *text, char *out, size_t size, weir_validator *validator) {
  words trace = words_parse(text);
  weir_validator_init(validator);
  weir_validator_feed(validator, trace.records, trace.count);
  weir_judgement judgement = weir_validator_finish(validator, NULL);
  size_t count, used = 0;
  const weir_finding *findings = weir_validator_findings(validator, &count);
  out[0] = 0;
  for (size_t i = 0; i < count; i++) {
    ck_assert_uint_gt(strlen(findings[i].message), 10);
    ck_assert_uint_le(findings[i].since, findings[i].event);
    if (i > 0) ck_assert_uint_ge(findings[i].event, findings[i - 1].event);
    used += (size_t)snprintf(out + used, size - used, "%s%s@%llu", used > 0 ? " " : "",
                             weir_rule_get(findings[i].rule)->id, (unsigned long long)findings[i].event);
    ck_assert_uint_lt(used, size);
  }
  return judgement;
}

static bool names(const char *list, const char *word, size_t size) {
  for (const char *at = list; *at != 0; at += strcspn(at, " "), at += strspn(at, " "))
    if (strcspn(at, " ") == size && memcmp(at, word, size) == 0) return true;
  return false;
}

static bool same_set(const char *left, const char *right) {
  for (const char *at = left; *at != 0; at += strcspn(at, " "), at += strspn(at, " "))
    if (!names(right, at, strcspn(at, " "))) return false;
  return strlen(left) == strlen(right);
}

static void check_rows(const row *rows, size_t count) {
  int wrong = 0;
  weir_validator *validator = malloc(weir_validator_size());
  ck_assert_ptr_nonnull(validator);
  for (size_t i = 0; i < count; i++) {
    char found[1024];
    weir_judgement judgement = judge(rows[i].trace, found, sizeof found, validator);
    ck_assert_int_ne(judgement, WEIR_UNREADABLE);
    if (!same_set(found, rows[i].findings)) {
      fprintf(stderr, "%s\n  should give '%s'\n  gave        '%s'\n", rows[i].trace, rows[i].findings, found);
      wrong++;
    }
    for (const char *at = rows[i].findings; *at != 0; at += strcspn(at, " "), at += strspn(at, " ")) {
      char id[8] = {0};
      memcpy(id, at, strcspn(at, "@"));
      if (weir_validator_exercised(validator, (unsigned)weir_rule_find(id))) continue;
      fprintf(stderr, "%s\n  %s is broken, and was not put to the test\n", rows[i].trace, id);
      wrong++;
    }
  }
  free(validator);
  ck_assert_msg(wrong == 0, "%d traces were judged wrongly", wrong);
}
#define CHECK_ROWS(rows) check_rows(rows, sizeof rows / sizeof *rows)

START_TEST(lifecycle) {
  static const row rows[] = {
      {"open cm watch psend/3 gb recv=3 bu/3@0 fin gb recv/64=0 er cl sockclose end", ""},
      /* L1 */
      {"open cm cm end", "L1@2"},
      {"open watch end", "L1@2"},
      {"open cl end", "L1@1 L4@1"},
      {"open cm close cl cm end", "L1@4 L2@4"},
      /* L2, and nothing inside connection_lost either */
      {"open cm close cl cl end", "L2@4"},
      {"open cm close cl{ isclosing=1 } end", ""},
      {"open cm close cl dr/1@0 end", "L2@4 L3@4 C1@4"},
      /* L3 */
      {"open gb cm end", "L3@1 L1@2"},
      {"open cm write/1 recv=-1 exh!os1 cl!os1 sockclose end", ""},
      /* L4 */
      {"open cm cl sockclose end", "L4@2"},
      {"open cm abort cl sockclose end", ""},
      {"open cm reset gb recv=-104 cl!os104 sockclose end", ""},
      {"open cm reset gb recv=-104 cl sockclose end", "L4@5"},
      {"open cm reset cl end", "L4@3"},
      {"open cm reset gb recv=-104 cl!os32 sockclose end", ""},
      {"open cm gb recv=-110 cl!os32 sockclose end", "L4@4"},
      {"open cm watch close cl!os104 sockclose end", "L4@4"},
      {"open cm watch fin er cl!os104 sockclose end", "L4@5"},
      {"open cm watch gb{ }!probe1 exh!probe1 cl!probe1 sockclose end", ""},
      /* either is fine when both happened; a failure while flushing is C6 */
      {"open cm reset gb recv=-104 close cl sockclose end", ""},
      {"open cm write/9 close reset send=-104 cl!os104 sockclose end", ""},
      {"open cm write/9 close reset send=-104 cl sockclose end", ""},
      {"open cm fin er reset send=-32 cl!os32 sockclose end", ""},
      {"open cm fin er reset send=-32 cl sockclose end", ""},
      /* a trace without calls says nothing about close() */
      {"cm gb bu/3 cl end", ""},
      {"cm gb bu/3 cl!os104 end", ""},
      /* L5: when the peer does not read, close() may wait, abort() may not */
      {"open cm watch close end", "L5@4 C2@4"},
      {"open cm pstop write/9 send/9=-11 close end", ""},
      {"open cm pstop write/9 send/9=-11 abort end", "L5@6 C3@6"},
      {"open cm pstop write/9 send/9=-11 close pstart end", "L5@7 C2@7"},
      {"open cm gb recv=-104 end", "L5@4"},
      {"open cm psend/3 reset end", "L5@4"},
      {"open cm pause reset end", ""},
      {"open cm gb recv=-11 end", ""},
      /* a call that raised has not taken effect */
      {"open cm outside{ close{ }!unsupported } end", ""},
      /* L6 */
      {"open cm close{ cl } sockclose end", "L6@3"},
      {"open cm write/5{ send/5=-32 cl!os32 } sockclose end", "L6@4"},
      {"open cm gb{ close } cl sockclose end", ""},
      /* L7 */
      {"open cm{ gb } end", "L7@2"},
      {"open cm{ dr/1@0 } end", "L7@2"},
      {"open cm{ watch } gb end", ""},
      /* L10 */
      {"open cm close isclosing=1 isreading=0 close pause resume cl isclosing=1 close abort sockclose end", ""},
      {"open cm close isclosing=0 cl sockclose end", "L10@3"},
      {"open cm psend/1 isclosing=1 gb bu/1@0 end", "L10@3"},
      {"open cm isclosing=1 end", ""}, /* recorded in a live program: what failed is not shown */
      {"open cm isclosing=0 fin er isclosing=1 cl sockclose end", ""},
      {"open cm close close{ }!runtime cl sockclose end", "L10@4"},
      {"open cm watch close cl end", "L10@5"},
      {"open cm watch close cl{ }!probe1 end", ""},
      /* L11 */
      {"open cm psend/3 gb bu/3:foreign=0 end:crash", "L11@4 B4@4"},
      {"open cm close{ end:crash", "L11@3"},
      /* L12 */
      {"open cm end:spin", "L12@2"},
      {"open cm end:hang", "L12@2"},
      /* L13 */
      {"open cm close close{ }!internal cl sockclose end", "L10@4 L13@4"},
      {"open cm exh!internal end", "L13@2"},
      {"open cm watch exh!type end", "L13@3"},
      {"open cm watch isreading{ }!runtime end", "L13@4"},
      {"open cm write:str/3{ }!type exh!type end", ""},
      {"open cm watch gb{ }!probe1 exh!probe1 exh!runtime cl!probe1 sockclose end", ""},
      {"open cm watch exh!os9 end", "L13@3"},
      {"open cm watch gb recv=-104 exh!os104 cl!os104 sockclose end", ""},
      {"open cm write/3{ }!memory end", ""},
      {"open cm close write/3{ }!runtime cl sockclose end", ""},
  };
  CHECK_ROWS(rows);
}
END_TEST

START_TEST(buffers) {
  static const row rows[] = {
      /* B1 */
      {"open cm psend/3 gb gb recv=3 bu/3@0 end", ""},
      {"open cm psend/3 bu/3@0 end", "B1@3"},
      {"open cm psend/3 gb bu/2@0 bu/1@2 end", "B1@5"},
      {"open cm psend/3 gb{ bu/3@0 } end", "B1@4"},
      {"open cm psend/3 gb{ }!probe1 bu/3@0 end", "B1@5"},
      {"open cm psend/3 gb{ bu/3@0 } exh!type end", "B1@4 L13@6"}, /* the buffer is spent before it was given */
      /* what resume_reading() delivers inside buffer_updated */
      {"open cm psend/3 gb bu/1@0{ pause resume{ gb bu/2@1 } } end", ""},
      /* B2, B3 */
      {"open cm gb bu/0@0 end", "B2@3"},
      {"open cm psend/64 gb/64 bu/64@0 end", ""},
      {"open cm psend/65 gb/64 bu/65@0 end", "B3@4"},
      {"open cm psend/5 gb/1 bu/1@0 gb/1 bu/1@1 gb/1048576 bu/3@2 end", ""},
      /* B4: one defect is one finding, and the place is found again */
      {"open cm psend/9 gb bu/3@0 gb bu/3@6 end", "B4@6 B17@6"},
      {"open cm psend/9 gb bu/3@0 gb bu/3@0 gb bu/6@3 end", "B4@6 B17@6"},
      {"open cm psend/9 gb bu/3:poison gb bu/6@3 end", "B4@4"},
      {"open cm psend/9 gb bu/5:mixed{ data/3@0 data/2:poison } gb bu/6@3 end", "B4@6"},
      {"open cm psend/9 gb bu/9:mixed{ data/4@0 data/5@4 } end", ""},
      {"open cm psend/9 gb bu/9:unknown end", ""},
      {"open cm psend/3 gb bu/3:reverse end", "B4@4"},
      /* B5, B6 */
      {"open cm psend/3 gb bu/3@0{ tail/3 } end", "B5@5"},
      {"open cm psend/3 gb bu/3@0 touched/1=4 end", "B6@5"},
      {"open cm psend/3 gb bu/3@0 held/1 end", "B6@5"},
      /* B8 */
      {"open cm psend/3 gb:array/64 bu/3@0 end", ""},
      {"open cm psend/3 gb:array/64 exh!type cl!type sockclose end", "B8@4"},
      /* B9 */
      {"open cm psend/3 gb:readonly/64 exh!type cl!type sockclose end", ""},
      {"open cm psend/3 gb:none exh!internal end", "L13@4"},
      {"open cm psend/3 gb:readonly/64 bu/3@0 end", "B9@4"},
      {"open cm psend/3 gb:readonly/64 cl sockclose end", "B9@4"},
      {"open cm psend/3 gb:none end", "B9@4"},
      {"open cm psend/3 gb:none close cl sockclose end", ""},
      {"open cm psend/3 gb{ close }:none cl sockclose end", ""},
      {"open cm psend/3 gb:readonly/64 exh!type bu/3@0 end", "B9@5"}, /* telling of it excuses no data */
      /* B10 */
      {"open cm gb^1 gb^-1 gb^65536 end", ""},
      {"open cm gb^0 end", "B10@2"},
      {"open cm gb^-2 end", "B10@2"},
      /* B11 */
      {"open cm psend/3 gb^100/1 bu/1@0 end", "B11@5 B17@5"},
      {"open cm psend/3 gb^100/1 exh!runtime cl!runtime sockclose end", "B11@4"},
      /* B12 */
      {"open cm psend/3 gb/0 exh!runtime cl!runtime sockclose end", ""},
      {"open cm psend/3 gb/0 end", "B12@4"},
      {"open cm psend/3 gb/0 end:spin", "B12@4 L12@4"},
      {"open cm psend/3 gb/0 recv/0=0 er cl sockclose end", "B12@5 E12@5"},
      {"open cm psend/3 gb/0 cl sockclose end", "B12@4"},
      {"open cm psend/3 gb/0 bu/0@0 end", "B2@4 B12@4"},
      {"open cm gb/0 end:limit", ""},
      {"open cm psend/3 gb/0 exh!runtime bu/3@0 end", "B3@5 B12@5"},
      /* B14 */
      {"open cm psend/3 gb bu/3@0{ }!probe1 exh!probe1 cl!probe1 sockclose end", ""},
      {"open cm psend/3 gb bu/3@0{ }!probe1 exh!probe1 end", "B14@7"},
      {"open cm psend/3 gb bu/3@0{ }!probe1 cl sockclose end", "B14@8"},
      {"open cm psend/6 gb bu/3@0{ }!probe1 exh!probe1 gb bu/3@3 end", "B14@7"},
      {"open^0 cm psend/3 dr/3@0{ }!probe1 exh!probe1 cl!probe1 sockclose end", ""},
      {"open^0 cm psend/6 dr/3@0{ }!probe1 exh!probe1 dr/3@3 end", "B14@6"},
      {"open^0 cm psend/3 dr/3@0{ }!probe1 end", "B14@5"},
      /* B15 */
      {"open cm gb recv=-11 gb recv=-11 end", ""},
      {"open cm gb recv=-11 exh!os11 cl!os11 sockclose end", "B15@4 L4@5"},
      /* B16 */
      {"open cm psend/3 gb{ set/1 } bu/3@0 end", ""},
      {"open cm psend/3 gb{ set/1 } bu/3@0#1 end", "B16@6"},
      {"open cm psend/6 gb bu/2@0 gb{ set/1^0 } recv=2 dr/2@4#1 end", "B16@9 B17@9 T1@9"},
      {"open cm psend/3 gb{ set/1^0 } recv=3 exh!internal cl!internal#1 sockclose end", "L13@7 B16@8"},
      /* B17 */
      {"open cm psend/6 gb bu/3@0 end", "B17@5"},
      {"open cm psend/6 gb bu/3@0 fin er cl sockclose end", "B18@6 B17@9"},
      {"open cm psend/6 gb bu/3@0 pause end", ""},
      {"open cm psend/6 gb bu/3@0 reset recv=-104 cl!os104 sockclose end", ""},
      {"open cm psend/6 gb bu/3@0 close cl sockclose end", ""},
      {"open^0 cm psend/6 dr/3@0 dr/3@3 end", ""},
      {"open^0 cm psend/6 dr/3@0 dr/3@2 end", "B17@4"},
      {"open^0 cm psend/6 dr/6:nonsense end", "B17@3"},
      /* B18 */
      {"open cm psend/6 fin cl sockclose end", "B18@4 E13@4 B17@6"},
      {"open cm psend/6 fin reset recv=-104 cl!os104 sockclose end", ""},
      {"open cm psend/6 fin close cl sockclose end", ""},
      /* B21 */
      {"open^0 cm dr/0@0 end", "B21@2"},
  };
  CHECK_ROWS(rows);
}
END_TEST

START_TEST(end_of_file) {
  static const row rows[] = {
      /* E1 */
      {"open cm fin er=1 er=1 end", "E1@4"},
      /* E2 */
      {"open cm psend/3 fin er=1 gb bu/3@0 end", "B18@4 E2@5"},
      /* E3 */
      {"open cm fin er end", "E3@4 L5@4"},
      {"open cm pstop write/9 send/9=-11 fin er end", ""},
      {"open cm pstop write/9 send/9=-11 fin er pstart end", "E3@8 L5@8 W1@8"},
      /* E4 */
      {"open cm watch fin er=1 write/5 send/5=5 prec/5@0 weof{ shut } sawfin end", ""},
      {"open cm watch fin er=1 shut end", "E4@5"},
      {"open cm watch fin er=1 cl sockclose end", "E4@5"},
      {"open cm watch fin er=1 close cl sockclose end", ""},
      {"open cm watch fin er=1 reset send/5=-32 cl!os32 sockclose end", ""},
      {"open cm watch fin er=1 reset send/5=-32 cl sockclose end", "L4@7"},
      {"open cm watch fin er=1 write/5 end", "E4@6"},
      {"open cm fin er=1 end:spin", "E4@4 L12@4"},
      {"open/2 cm watch fin er=1 cl sockclose end", ""},
      /* E7 */
      {"open cm fin close er cl sockclose end", "E7@4"},
      {"open cm fin er{ close } cl sockclose end", ""},
      /* E8 */
      {"open cm pause fin resume er cl sockclose end", ""},
      {"open cm pause fin er cl sockclose end", "E8@4"},
      {"open cm pause fin end", ""},
      {"open cm pause fin resume end", "E8@5"},
      {"open cm fin recv/64=0 pause er cl sockclose end", ""},
      /* E9 */
      {"open cm fin er{ close }=1 cl sockclose end", ""},
      {"open cm fin er{ abort } cl cl sockclose end", "L2@7 E9@7"},
      {"open cm fin er{ close } cl!os104 sockclose end", "L4@6 E9@6"},
      /* E12 */
      {"open cm psend/3 gb bu/3@0 er cl sockclose end", "E12@5 L4@6"},
      {"open cm er psend/3 close cl sockclose end", "E12@7"},
      {"open cm reset recv=-104 recv=0 er cl sockclose end", "E12@5 L4@6"},
      {"open cm gb recv/64=0 er cl sockclose end", ""},
      {"open cm gb recv/0=0 er cl sockclose end", "E12@4 L4@5"},
      {"open cm pclose er cl sockclose end", ""},
      {"cm gb bu/3 er cl end", ""},
      /* E13 */
      {"open cm fin end", "E13@3"},
      {"open cm fin cl sockclose end", "E13@3"},
      {"open cm fin close cl sockclose end", ""},
      {"open cm psend/3 gb{ }!probe1 exh!probe1 fin end", ""},
  };
  CHECK_ROWS(rows);
}
END_TEST

START_TEST(pausing) {
  static const row rows[] = {
      {"open cm pause psend/3 resume gb bu/3@0 end", ""},
      /* P1, P4, P5, P7 */
      {"open cm psend/3 outside{ pause } gb bu/3@0 end", "P1@7"},
      {"open cm{ pause } psend/3 gb bu/3@0 end", "P1@6 P4@6"},
      {"open cm psend/6 gb bu/3@0{ pause } gb bu/3@3 end", "P1@8 P5@8"},
      {"open cm psend/3 gb{ pause } bu/3@0 end", "P1@6 P7@6"},
      {"open cm psend/3 gb{ pause } outside{ resume{ gb bu/3@0 } } end", ""},
      {"open cm psend/3 gb{ pause resume } bu/3@0 end", ""},
      {"open cm pause gb end", ""},
      /* pausing a closing transport does nothing */
      {"open cm close pause resume cl sockclose end", ""},
      /* P2 */
      {"open cm pause pause resume resume end", ""},
      {"open cm pause pause{ }!runtime resume end", "P2@4"},
      {"open cm resume{ }!runtime end", "P2@3"},
      {"open cm close pause{ }!runtime cl sockclose end", "P2@4 L10@4"},
      {"open cm pause{ }!runtime end", "L13@3"},
      {"open cm pause{ }!unsupported end", ""},
      /* a resume that raised has not resumed */
      {"open cm pause resume{ }!memory psend/3 gb bu/3@0 end", "P1@7"},
      /* P3 */
      {"open cm isreading=1 pause isreading=0 resume isreading=1 close isreading=0 cl sockclose end", ""},
      {"open cm watch isreading=0 end", "P3@3"},
      {"open cm isreading=0 end", ""}, /* as L10 */
      {"open cm pause isreading=1 end", "P3@3"},
      {"open cm close isreading=1 cl sockclose end", "P3@3"},
      {"open cm{ isreading=0 } end", ""},
      /* P5, P6: after resume everything comes */
      {"open cm psend/6 gb bu/3@0{ pause } resume end", "P5@8 P6@8"},
      {"open cm pause psend/6 resume end", "P6@5"},
      {"open cm pause resume psend/6 end", "B17@5"},
      {"open cm pause psend/6 end", ""},
      /* P8 */
      {"open cm pause timeout timeout timeout end", ""},
      {"open cm pause timeout timeout timeout timeout end", "P8@6"},
      {"open cm pause timeout timeout psend/1 timeout timeout end", ""},
      {"open cm pause recv=-11 recv=-11 recv=-11 recv=-11 end", "P8@6"},
      {"open cm timeout timeout timeout timeout timeout end", ""},
      {"open cm pause end:spin", "P8@3 L12@3"},
  };
  CHECK_ROWS(rows);
}
END_TEST

START_TEST(closing) {
  static const row rows[] = {
      /* C1, C8 */
      {"open cm psend/3 gb{ close } bu/3@0 cl sockclose end", "C1@6"},
      {"open cm psend/3 gb bu/3@0{ abort } cl sockclose end", ""},
      {"open cm psend/3 close{ gb bu/3@0 } cl sockclose end", "C1@5 C8@4"},
      {"open cm psend/3 close gb cl sockclose end", "C8@4"},
      {"open^0 cm psend/3 abort dr/3@0 cl sockclose end", "C1@4"},
      {"open cm psend/3 gb{ close{ }!unsupported } bu/3@0 end", ""},
      /* C2 */
      {"open cm watch write/9 close send/9=9 cl sockclose prec/9@0 sawfin end", ""},
      {"open cm watch write/9 close send/9=4 cl sockclose prec/4@0 sawfin end", "C2@6"},
      {"open cm watch write/9 close cl end", "C2@5 L10@6"},
      {"open cm write/9 close cl prec/4@0 sawfin end", "C2@6"},
      {"open cm write/9 close cl prec/4@0 end", "C2@6"},
      {"open cm pstop write/9 close cl prec/4@0 end", ""},
      {"open cm watch write/9 abort cl sockclose sawfin end", ""},
      {"open cm watch write/9 close reset send/9=-104 cl!os104 sockclose end", ""},
      {"open cm watch close write/9 cl sockclose sawfin end", ""},
      {"open cm watch close write/9 send/9=9 cl sockclose prec/9@0 sawfin end", ""},
      /* C3 */
      {"open cm watch write/9 abort send/9=9 cl sockclose end", "C3@5"},
      {"open cm watch write/9{ send/9=4 } abort cl sockclose prec/4@0 end", ""},
      {"open cm watch pstop write/9 close abort end", "C3@7 L5@7"},
      /* C4 */
      {"open cm close close abort cl sockclose end", ""},
      {"open cm close abort cl cl sockclose end", "L2@5 C4@5"},
      /* C5 */
      {"open cm gb{ close{ }!runtime } end", "C5@4 L13@4"},
      {"open cm gb{ close{ cl{ }!probe1 }!probe1 } end", "L6@4"},
  };
  CHECK_ROWS(rows);
}
END_TEST

START_TEST(writing) {
  static const row rows[] = {
      /* W1 */
      {"open cm write/5 write/5 send/10=10 prec/10@0 end", ""},
      {"open cm write/9 send/9=9 prec/3@0 prec/3@6 end", "W1@5"},
      {"open cm write/9 send/9=9 prec/3@0 prec/3@0 prec/6@3 end", "W1@5"},
      {"open cm write/9 send/9=9 prec/9:nonsense end", "W1@4"},
      {"open cm write/9 prec/9:mixed data/4@0 data/5:poison end", "W1@5"},
      {"open cm write/9 prec/4@0 end", "W1@4"},
      {"open cm write/9 pstop prec/4@0 end", ""},
      {"open cm write/9 abort cl prec/4@0 end", ""},
      {"open cm write/9{ }!type end", "W1@3"},
      {"open cm watch write/5{ }!runtime send/5=5 prec/5@0 end", "W1@4"},
      {"open cm write/9:reused send/9=9 prec/9:nonsense end", ""},
      {"open cm write/9 prec/4@0 sawfin end", "W1@4"},
      {"cm gb bu/3 cl end", ""},
      {"open cm write/9 send/9=-105 end", ""},
      /* what becomes of a write after close() is C7, also where it raises */
      {"open cm watch write/9 close write/9{ }!internal send/18=18 cl sockclose prec/18@0 sawfin end", "L13@6"},
      /* W3 */
      {"open cm write:str/3{ }!type end", ""},
      {"open cm write:str/3 end", "W3@2"},
      {"open cm write:int/3{ }!internal end", "W3@3"},
      {"open cm write:str/3{ }!unsupported end", ""},
      /* W4 */
      {"open cm write/0 end", ""},
      {"open cm write/0{ }!runtime end", "W4@3"},
      {"open cm write/0{ send/0=0 } end", "W4@3"},
      /* W5 */
      {"open cm lines:generator/20 send/20=20 prec/20@0 end", ""},
      {"open cm lines:generator/20{ }!type end", "W5@3"},
      {"open cm lines/0{ }!internal end", "W5@3 L13@3"},
      {"open cm write/10{ lines/10 }!type prec/10:nonsense end", "W1@4 W5@5"}, /* the inner one was taken */
      {"open cm lines/20 prec/10@0 end", "W1@4 W5@4"},
      {"open cm lines/20 prec/10@10 end", "W1@3 W5@3"},
      /* W6 */
      {"open cm weof{ shut } write/5{ }!runtime sawfin end", ""},
      {"open cm weof{ shut } write/5 sawfin end", "W6@5"},
      {"open cm weof{ shut } lines/5{ }!runtime sawfin end", ""},
      {"open cm weof{ shut } lines/5 sawfin end", "W6@5"},
      {"open cm weof{ shut } close write/5 cl sockclose sawfin end", ""},
      /* W7 */
      {"open cm write/5 weof send/5=5 shut prec/5@0 sawfin psend/3 gb bu/3@0 end", ""},
      {"open cm write/5 weof{ shut } prec/5@0 sawfin end", "W7@4"},
      {"open cm write/5 weof prec/4@0 sawfin end", "W7@5"},
      {"open cm write/5 weof prec/5@0 end", "W7@5"},
      {"open cm weof{ shut } weof{ }!runtime sawfin end", "W7@6"},
      {"open cm weof{ shut } sawfin cl sockclose end", "W7@6 L4@6"},
      {"open cm weof{ shut } sawfin psend/3 end", "W7@7 B17@7"},
      {"open cm pstop write/5 weof end", ""},
      {"open cm weof{ shut } sawfin fin er cl sockclose end", ""},
      /* W8 */
      {"open cm canweof=1 weof{ shut } sawfin end", ""},
      {"open cm canweof=1 weof{ }!unsupported end", "W8@4"},
      {"open cm canweof=0 weof sawfin end", "W8@3"},
      {"open cm canweof=0 weof{ }!unsupported end", ""},
      {"open/2 cm canweof=0 end", "W8@2"},
      /* W10 */
      {"open cm{ write/5 } send/5=5 prec/5@0 end", ""},
      {"open cm{ write/5 } pstart end", "W1@5 W10@5"},
      {"open cm{ write/5{ }!runtime } end", "W1@3 W10@3"},
  };
  CHECK_ROWS(rows);
}
END_TEST

START_TEST(flow_control) {
  static const row rows[] = {
      {"open cm watch limits/10@5 write/11{ send/11=0 pw } send/11=6 rw end", ""},
      /* F1 */
      {"open cm watch limits/10@5 write/11 timeout end", "F1@5"},
      {"open cm watch limits/10@5 write/11 pw pstop end", ""},
      {"open cm watch limits/10@5 write/11 end", "F1@5"},
      {"open cm watch limits/10@5 write/11 send/11=11 end", ""},
      {"open cm watch limits/10@5 write/11 close cl sockclose end", "C2@6"},
      {"open cm watch limits/10@5 write/9{ pw } send/9=9 rw end", "F1@5"},
      {"open cm watch limits/10@5 write/10{ pw } send/10=10 rw end", ""},
      {"open cm watch limits/10@5 write/10 pstop end", ""},
      {"open cm watch pw rw end", "F1@3"},
      {"open cm watch write/9 timeout end", ""},
      /* F6: what setting the limits does at once is not judged */
      {"open cm watch write/9{ send/9=2 } limits/3@1 timeout pstop end", ""},
      {"open cm watch write/9{ send/9=2 } limits/3@1{ pw } send/7=7 rw end", ""},
      /* F2 */
      {"open cm watch limits/4@2 write/9{ pw } write/9{ pw } send/18=18 rw end", "F2@8"},
      {"open cm rw end", "F2@2"},
      {"open cm watch limits/4@2 write/9{ pw } send/9=9 rw rw end", "F2@9"},
      /* F3 */
      {"open cm watch limits/10@5 write/20{ pw } send/20=14 rw end", "F3@8"},
      {"open cm watch limits/10@5 write/20{ pw } send/20=15 rw end", ""},
      {"open cm watch limits/10@5 write/20{ pw } send/20=15 end", "F3@8"},
      {"open cm watch limits/10@5 write/20{ pw } send/20=14 end", ""},
      {"open cm watch limits/10 write/20{ pw } send/20=9 rw end", "F3@8"},
      {"open cm watch write/200000{ pw } send/200000=200000 prec/200000@0 end", "F3@8"},
      {"open cm write/200000{ pw } prec/200000@0 end", "F3@6"},
      {"open cm watch limits/10@5 write/20{ pw } send/20=15 close cl sockclose end", "C2@9"},
      {"open cm watch limits/0 write/20{ pw } send/20=15 rw end", "F3@8"},
      /* ... and not when low is raised over what is in it, until some of it is sent */
      {"open cm watch limits/10@5 write/20{ pw } limits/100@50 write/9 pstop end", ""},
      {"open cm watch limits/10@5 write/20{ pw } limits/100@50 write/9 send/29=1 pstop end", "F3@11"},
      /* ... of which a write after close() may be, or not */
      {"open cm watch limits/10@5 write/20{ pw } close write/30 send/20=20 rw cl sockclose end", ""},
      {"open cm watch limits/10@5 write/20{ pw } close write/30 send/20=14 rw send/6=6 cl sockclose end", "F3@10"},
      /* F4 */
      {"open cm pstop write/5 limits/0@0{ pw{ limits/10@5 } } getlimits=42949672965 end", ""},
      {"open cm limits/10@5 getlimits=0xa00000005 end", ""},
      {"open cm limits/10@5 getlimits=0xa00000004 end", "F4@3"},
      {"open cm getlimits=0x500000009 end", "F4@2"},
      {"open cm limits/5 limits/20@5{ limits/10@5 } getlimits=0xa00000005 end", ""}, /* the last two, not the first */
      {"open cm limits/10 getlimits=0xa00000002 end", ""},
      {"open cm limits/0 getlimits=0 end", ""},
      {"open cm limits/5@10{ }!value end", ""},
      {"open cm limits/5@10 end", "F4@2"},
      {"open cm limits/-1{ }!value end", ""},
      {"open cm limits/-1 end", "F4@2"},
      {"open cm limits/5@10{ }!type end", "F4@3"},
      {"open cm limits/10@5{ }!value end", "F4@3"},
      {"open cm limits/10@10 end", ""},
      {"open cm limits/10@5{ }!unsupported end", ""},
      /* F5 */
      {"open cm watch limits/0 write/3{ pw } send/3=3 rw end", ""},
      {"open cm watch limits/0{ pw } rw end", "F5@4"},
      /* F7 */
      {"open cm watch limits/0 write/3{ pw{ }!probe1 exh!probe1 } send/3=3 rw prec/3@0 end", ""},
      {"open cm watch limits/0 write/3{ pw{ }!probe1 }!probe1 send/3=3 rw end", "F7@7"},
      {"open cm watch limits/0 write/3{ pw{ }!probe1 exh!probe1 } cl!probe1 sockclose end", "F7@9"},
      {"open cm watch limits/0 write/3{ pw{ }!probe1 } send/3=3 rw prec/3@0 end", "F7@11"},
      /* F8 */
      {"open cm watch limits/0 write/3{ pw } abort cl rw sockclose end", "F8@9 L2@9 L3@9"},
      /* F9 */
      {"open cm watch limits/10@5 lines/11 pstop end", "F1@5 F9@5"},
      {"open cm watch limits/10@5 lines/11{ pw } end", ""},
      /* F10 */
      {"open cm watch write/9{ send/9=4 } size=5 end", ""},
      {"open cm watch write/9{ send/9=4 } size=9 end", "F10@6"},
      {"open cm size=-1 end", "F10@2"},
      {"open cm watch limits/0 write/9{ pw{ size=0 } } send/9=9 rw end", ""},
      {"open cm watch write/9 abort size=0 cl sockclose end", ""},
      {"open cm write/9 size=3 prec/9@0 end", ""},
      /* F11 */
      {"open cm watch limits/0 write/3{ pw{ write/3 limits/5 close } } send/6=6 cl sockclose end", ""},
      {"open cm watch limits/0 write/3{ pw{ limits/5{ }!runtime } } end", "F4@7 F11@7"},
      {"open cm watch limits/0 write/3{ pw{ close{ }!runtime } } end", "C5@7 F11@7 L13@7"},
  };
  CHECK_ROWS(rows);
}
END_TEST

START_TEST(switching) {
  static const row rows[] = {
      /* T1 */
      {"open cm psend/6 gb recv=3 bu/3@0 set/1^0 recv=3 dr/3@3#1 get=1 close cl#1 sockclose end", ""},
      {"open cm psend/6 gb recv=3 bu/3@0 set/1^0 gb recv=3 bu/3@3 end", "T1@7"},
      {"open^0 cm psend/6 recv=3 dr/3@0 set/1 recv=3 dr/3@3 end", "T1@7"},
      {"open^0 cm psend/6 recv=6 set/1 dr/6@0 end", ""},
      {"open cm psend/6 gb recv=3 bu/3@0 set/1^0 recv=2 dr/2@4#1 end", "B17@8 T1@8"},
      {"open cm set/1 get=0 end", "T1@3"},
      {"open cm set/1 close cl sockclose end", "T1@4"},
      {"open cm close cl#0 get=255 sockclose end", ""},
      /* T2 */
      {"open cm fin er=1 set/1 end", ""},
      {"open cm fin er=1 set/1 recv=0 end", "T2@5"},
      {"open cm fin er=1 set/1 gb#1 end", "T2@5 E2@5"},
  };
  CHECK_ROWS(rows);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("validator");
  TCase *tcase = tcase_create("rules");
  tcase_add_test(tcase, lifecycle);
  tcase_add_test(tcase, buffers);
  tcase_add_test(tcase, end_of_file);
  tcase_add_test(tcase, pausing);
  tcase_add_test(tcase, closing);
  tcase_add_test(tcase, writing);
  tcase_add_test(tcase, flow_control);
  tcase_add_test(tcase, switching);
  suite_add_tcase(suite, tcase);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
