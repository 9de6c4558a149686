/* What each event's record holds, as data.
 *
 * One table, read by everything that turns a record into words or words into a
 * record: the JSON Lines writer and reader, the check of a record, and the page
 * (harness/doc/trace.md, whose tables a test holds against this one).  It says
 * in a machine's terms what WEIR_EVENTS in weir/trace.h says in a person's. */
#ifndef WEIR_TRACE_FIELDS_H
#define WEIR_TRACE_FIELDS_H

#include "weir/trace.h"

enum { WEIR_FIELDS_MAX = 5 };

typedef enum weir_field_part { WEIR_PART_CODE, WEIR_PART_A, WEIR_PART_B } weir_field_part;

typedef enum weir_field_form {
  WEIR_FORM_UNSIGNED,
  WEIR_FORM_SIGNED,
  WEIR_FORM_BOOLEAN,
  WEIR_FORM_WORD,        /* one of a list of words */
  WEIR_FORM_ERRNO,       /* an errno value, by name where it has one */
  WEIR_FORM_MINUS_ERRNO, /* the same, negative in the record; 0 where that is not negative */
  WEIR_FORM_CAPABILITIES /* a list of words, a bit each */
} weir_field_form;

/* Which half of a pair carries it.  A record that is no pair has BEGIN fields alone. */
typedef enum weir_field_side { WEIR_SIDE_BEGIN, WEIR_SIDE_RESULT } weir_field_side;

typedef enum weir_field_presence {
  WEIR_PRESENCE_REQUIRED,
  WEIR_PRESENCE_SHOWN,  /* written always; fallback where it is left out */
  WEIR_PRESENCE_HIDDEN, /* written only where it is not the fallback */
  WEIR_PRESENCE_OFFSET  /* written where the payload has an offset; left out: the place where the
                           one before it in the same direction ended */
} weir_field_presence;

typedef const char *weir_word_fn(unsigned number);

typedef struct weir_field {
  const char *name; /* NULL past the last field of an event */
  const char *meaning;
  weir_field_part part;
  uint8_t shift; /* the bits of the part: [shift, shift + width) */
  uint8_t width;
  weir_field_form form;
  weir_field_side side;
  weir_field_presence presence;
  int64_t fallback;
  weir_word_fn *word; /* FORM_WORD, FORM_CAPABILITIES */
  /* NULL: always.  Else: whether the field belongs to this record, given the
   * fields before it. */
  bool (*applies)(const weir_record *record);
} weir_field;

/* The fields of an event, WEIR_FIELDS_MAX + 1 at most, the last without a name. */
const weir_field *weir_event_field_list(unsigned event);
/* The fields of an end that raised, whatever the event. */
const weir_field *weir_raised_field_list(void);
/* Whether the event comes as a pair of records, begin and end. */
bool weir_event_is_pair(unsigned event);
/* Whether a field of that side stands in a record with these flags. */
bool weir_field_stands(const weir_field *field, const weir_record *record);
/* The list that holds for a record: its event's, or that of a raised end. */
const weir_field *weir_record_field_list(const weir_record *record);

/* Whether an offset means something here: payload of a known stream. */
bool weir_record_has_offset(const weir_record *record);

int64_t weir_field_get(const weir_field *field, const weir_record *record);
void weir_field_set(const weir_field *field, weir_record *record, int64_t value);
/* The values that a field can have. */
int64_t weir_field_least(const weir_field *field);
int64_t weir_field_most(const weir_field *field);

/* NULL: it is a record that a recorder writes.  Else what is wrong with it. */
const char *weir_record_fault(const weir_record *record);
/* A short way to the same for what long traces consist of: true only where there is nothing wrong. */
bool weir_record_is_usual(const weir_record *record);

/* Words that have no place in words.c. */
const char *weir_capability_word(unsigned index); /* NULL past the end */
const char *weir_errno_name(int number);          /* NULL: it has none here */
int weir_errno_find(const char *name);            /* -1: unknown */
/* The word of a list that looks most like this one; NULL: none does. */
const char *weir_word_nearest(const char *word, weir_word_fn *list, unsigned first);

#endif
