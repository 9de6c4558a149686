#include "alphabet.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { BOTH = WEIR_FLAG_BEGIN | WEIR_FLAG_END, OPEN = WEIR_FLAG_BEGIN };
#define E(name)          .event = WEIR_EVENT_##name
#define PROTOCOL_1       (1 << WEIR_FLAG_PROTOCOL_SHIFT)
#define MINUS(error)     ((uint64_t)(-(int64_t)(error)))
#define LIMIT(high, low) .a = (uint32_t)(high), .b = (uint32_t)(low)

static const alphabet_word words[] = {
    {"open", {E(OPEN), .a = UINT32_MAX}, 0},
    {"CM", {E(CONNECTION_MADE), .flags = BOTH}, 0},
    {"CM{", {E(CONNECTION_MADE), .flags = OPEN}, 0},
    {"GB", {E(GET_BUFFER), .flags = BOTH, .a = UINT32_MAX, .b = 64}, 0},
    {"GB0", {E(GET_BUFFER), .flags = BOTH, .a = UINT32_MAX, .b = 0}, 0},
    {"GBhint0", {E(GET_BUFFER), .flags = BOTH, .a = 0, .b = 64}, 0},
    {"GBsmall", {E(GET_BUFFER), .flags = BOTH, .a = 1000, .b = 4}, 0},
    {"GBro", {E(GET_BUFFER), .flags = BOTH, .a = UINT32_MAX, .b = 64 | ((uint64_t)WEIR_BUFFER_READONLY << 56)}, 0},
    {"GBmmap", {E(GET_BUFFER), .flags = BOTH, .a = UINT32_MAX, .b = 64 | ((uint64_t)WEIR_BUFFER_MMAP << 56)}, 0},
    {"GB{", {E(GET_BUFFER), .flags = OPEN, .a = UINT32_MAX}, 0},
    {"GB'1", {E(GET_BUFFER), .flags = BOTH | PROTOCOL_1, .a = UINT32_MAX, .b = 64}, 0},
    {"BU", {E(BUFFER_UPDATED), .flags = BOTH, .code = WEIR_DATA_STREAM, .a = 10}, 0},
    {"BU0", {E(BUFFER_UPDATED), .flags = BOTH, .code = WEIR_DATA_STREAM, .a = 0}, 0},
    {"BU100", {E(BUFFER_UPDATED), .flags = BOTH, .code = WEIR_DATA_STREAM, .a = 100}, 0},
    {"BUlive", {E(BUFFER_UPDATED), .flags = BOTH, .code = WEIR_DATA_UNKNOWN, .a = 10}, 0},
    {"BUpoison", {E(BUFFER_UPDATED), .flags = BOTH, .code = WEIR_DATA_POISON, .a = 10}, 0},
    {"BUforeign", {E(BUFFER_UPDATED), .flags = BOTH, .code = WEIR_DATA_FOREIGN, .a = 10}, 0},
    {"BUmixed", {E(BUFFER_UPDATED), .flags = BOTH, .code = WEIR_DATA_MIXED, .a = 10}, 0},
    {"DRmixed", {E(DATA_RECEIVED), .flags = BOTH, .code = WEIR_DATA_MIXED, .a = 10}, 0},
    {"gotmixed", {E(PEER_RECEIVED), .code = WEIR_DATA_MIXED, .a = 10}, 0},
    {"BU{", {E(BUFFER_UPDATED), .flags = OPEN, .code = WEIR_DATA_STREAM, .a = 10}, 0},
    {"BU'1", {E(BUFFER_UPDATED), .flags = BOTH | PROTOCOL_1, .code = WEIR_DATA_STREAM, .a = 10}, 0},
    {"DR", {E(DATA_RECEIVED), .flags = BOTH, .code = WEIR_DATA_STREAM, .a = 10}, 0},
    {"DR0", {E(DATA_RECEIVED), .flags = BOTH, .code = WEIR_DATA_STREAM, .a = 0}, 0},
    {"DR'1", {E(DATA_RECEIVED), .flags = BOTH | PROTOCOL_1, .code = WEIR_DATA_STREAM, .a = 10}, 0},
    {"data5", {E(DATA), .code = WEIR_DATA_STREAM, .a = 5}, 0},
    {"nonsense5", {E(DATA), .code = WEIR_DATA_NONSENSE, .a = 5}, 0},
    {"ER", {E(EOF_RECEIVED), .flags = BOTH, .b = 0}, 0},
    {"ER1", {E(EOF_RECEIVED), .flags = BOTH, .b = 1}, 0},
    {"ER{", {E(EOF_RECEIVED), .flags = OPEN}, 0},
    {"CL", {E(CONNECTION_LOST), .flags = BOTH}, 0},
    {"CL{", {E(CONNECTION_LOST), .flags = OPEN}, 0},
    {"CLreset", {E(CONNECTION_LOST), .flags = BOTH, .code = WEIR_EXCEPTION_OS, .a = ECONNRESET}, 0},
    {"CLprobe", {E(CONNECTION_LOST), .flags = BOTH, .code = WEIR_EXCEPTION_PROBE, .a = 1}, 0},
    {"CLtype", {E(CONNECTION_LOST), .flags = BOTH, .code = WEIR_EXCEPTION_TYPE}, 0},
    {"CLinternal", {E(CONNECTION_LOST), .flags = BOTH, .code = WEIR_EXCEPTION_INTERNAL}, 0},
    {"PW", {E(PAUSE_WRITING), .flags = BOTH}, 0},
    {"PW{", {E(PAUSE_WRITING), .flags = OPEN}, 0},
    {"RW", {E(RESUME_WRITING), .flags = BOTH}, 0},
    {"write", {E(WRITE), .flags = BOTH, .a = 10}, 0},
    {"write0", {E(WRITE), .flags = BOTH, .a = 0}, 0},
    {"writestr", {E(WRITE), .flags = BOTH, .code = WEIR_BYTES_STR, .a = 10}, 0},
    {"write{", {E(WRITE), .flags = OPEN, .a = 10}, 0},
    {"write0{", {E(WRITE), .flags = OPEN, .a = 0}, 0},
    {"writestr{", {E(WRITE), .flags = OPEN, .code = WEIR_BYTES_STR, .a = 10}, 0},
    {"lines", {E(WRITELINES), .flags = BOTH, .a = 10}, 0},
    {"lines{", {E(WRITELINES), .flags = OPEN, .a = 10}, 0},
    {"write_eof", {E(WRITE_EOF), .flags = BOTH}, 0},
    {"write_eof{", {E(WRITE_EOF), .flags = OPEN}, 0},
    {"can_eof=0", {E(CAN_WRITE_EOF), .flags = BOTH, .b = 0}, 0},
    {"can_eof=1", {E(CAN_WRITE_EOF), .flags = BOTH, .b = 1}, 0},
    {"close", {E(CLOSE), .flags = BOTH}, 0},
    {"close{", {E(CLOSE), .flags = OPEN}, 0},
    {"abort", {E(ABORT), .flags = BOTH}, 0},
    {"abort{", {E(ABORT), .flags = OPEN}, 0},
    {"closing=0", {E(IS_CLOSING), .flags = BOTH, .b = 0}, 0},
    {"closing=1", {E(IS_CLOSING), .flags = BOTH, .b = 1}, 0},
    {"pause", {E(PAUSE_READING), .flags = BOTH}, 0},
    {"pause{", {E(PAUSE_READING), .flags = OPEN}, 0},
    {"resume", {E(RESUME_READING), .flags = BOTH}, 0},
    {"resume{", {E(RESUME_READING), .flags = OPEN}, 0},
    {"reading=0", {E(IS_READING), .flags = BOTH, .b = 0}, 0},
    {"reading=1", {E(IS_READING), .flags = BOTH, .b = 1}, 0},
    {"switch", {E(SET_PROTOCOL), .flags = BOTH, .code = 1, .a = 1}, 0},
    {"switchplain", {E(SET_PROTOCOL), .flags = BOTH, .code = 0, .a = 1}, 0},
    {"protocol=0", {E(GET_PROTOCOL), .flags = BOTH, .b = 0}, 0},
    {"protocol=1", {E(GET_PROTOCOL), .flags = BOTH, .b = 1}, 0},
    {"limits20/5", {E(SET_LIMITS), .flags = BOTH, LIMIT(20, 5)}, 0},
    {"limits10/", {E(SET_LIMITS), .flags = BOTH, LIMIT(10, INT32_MIN)}, 0},
    {"limits0/", {E(SET_LIMITS), .flags = BOTH, LIMIT(0, INT32_MIN)}, 0},
    {"limits5/10", {E(SET_LIMITS), .flags = BOTH, LIMIT(5, 10)}, 0},
    {"limits{", {E(SET_LIMITS), .flags = OPEN, LIMIT(15, 5)}, 0},
    {"limits=20/5", {E(GET_LIMITS), .flags = BOTH, .b = (UINT64_C(20) << 32) | 5}, 0},
    {"limits=0/0", {E(GET_LIMITS), .flags = BOTH, .b = 0}, 0},
    {"size=0", {E(GET_SIZE), .flags = BOTH, .b = 0}, 0},
    {"size=10", {E(GET_SIZE), .flags = BOTH, .b = 10}, 0},
    {"EXHprobe", {E(EXCEPTION_HANDLER), .code = WEIR_EXCEPTION_PROBE, .a = 1}, 0},
    {"EXHreset", {E(EXCEPTION_HANDLER), .code = WEIR_EXCEPTION_OS, .a = ECONNRESET}, 0},
    {"EXHtype", {E(EXCEPTION_HANDLER), .code = WEIR_EXCEPTION_TYPE}, 0},
    {"EXHinternal", {E(EXCEPTION_HANDLER), .code = WEIR_EXCEPTION_INTERNAL}, 0},
    {"hang", {E(END), .code = WEIR_END_HANG}, 0},
    {"BUagain", {E(BUFFER_UPDATED), .flags = BOTH, .code = WEIR_DATA_STREAM, .a = 10, .b = 1}, 0},
    {"BUskip", {E(BUFFER_UPDATED), .flags = BOTH, .code = WEIR_DATA_STREAM, .a = 10, .b = 2}, 0},
    {"EXHagain", {E(EXCEPTION_HANDLER), .code = WEIR_EXCEPTION_OS, .a = EAGAIN}, 0},
    {"recv10", {E(RECV), .a = 64, .b = 10}, 0},
    {"recv0", {E(RECV), .a = 64, .b = 0}, 0},
    {"recvagain", {E(RECV), .a = 64, .b = MINUS(EAGAIN)}, 0},
    {"recvreset", {E(RECV), .a = 64, .b = MINUS(ECONNRESET)}, 0},
    {"send10", {E(SEND), .a = 10, .b = 10}, 0},
    {"send3", {E(SEND), .a = 10, .b = 3}, 0},
    {"sendagain", {E(SEND), .a = 10, .b = MINUS(EAGAIN)}, 0},
    {"sendpipe", {E(SEND), .a = 10, .b = MINUS(EPIPE)}, 0},
    {"shutdown", {E(SHUTDOWN)}, 0},
    {"sockclose", {E(SOCKET_CLOSE)}, 0},
    {"timeout", {E(TIMEOUT), .b = 5}, 0},
    {"peer10", {E(PEER_SEND), .a = 10}, 0},
    {"fin", {E(PEER_FIN)}, 0},
    {"reset", {E(PEER_RESET)}, 0},
    {"peerclose", {E(PEER_CLOSE)}, 0},
    {"stop", {E(PEER_STOP)}, 0},
    {"start", {E(PEER_START)}, 0},
    {"got10", {E(PEER_RECEIVED), .code = WEIR_DATA_STREAM, .a = 10}, 0},
    {"gotnonsense", {E(PEER_RECEIVED), .code = WEIR_DATA_NONSENSE, .a = 10}, 0},
    {"sawfin", {E(PEER_SAW_FIN)}, 0},
    {"tail", {E(BUFFER_TAIL), .a = 10}, 0},
    {"touched", {E(BUFFER_TOUCHED), .a = 1}, 0},
    {"held", {E(BUFFER_HELD), .a = 1}, 0},
    {"out{", {E(OUTSIDE), .flags = OPEN}, 0},
    {"}", {0}, 1},
    {"}!", {.code = WEIR_EXCEPTION_PROBE}, 2},
    {"}!type", {.code = WEIR_EXCEPTION_TYPE}, 2},
    {"}!value", {.code = WEIR_EXCEPTION_VALUE}, 2},
    {"}!runtime", {.code = WEIR_EXCEPTION_RUNTIME}, 2},
    {"}!unsupported", {.code = WEIR_EXCEPTION_UNSUPPORTED}, 2},
    {"spin", {E(END), .code = WEIR_END_SPIN}, 0},
    {"crash", {E(END), .code = WEIR_END_CRASH, .a = 11}, 0},
};

/* The rest of what happens is there to make them mean something. */
static const alphabet_family families[] = {
    {"machine", "", "CM GB BU ER CL", 8},
    {"machine, both kinds", "open", "CM GB BU DR ER1 CL PW", 6},
    {"nesting", "open", "CM CM{ GB GB{ BU BU{ CL CL{ } }!", 6},
    {"lifecycle", "open CM", "close close{ abort recvreset CL CLreset CL{ out{ } sockclose closing=0 closing=1", 5},
    {"errors", "open CM", "GB{ BU{ } }! EXHprobe EXHinternal CLprobe CLinternal CL close", 5},
    {"buffers", "open CM peer10", "GB GB0 GBsmall GBmmap BU BU0 BU100 recv10 recvagain CL ER", 4},
    {"payload", "open CM peer10 peer10 GB",
     "BU BUagain BUskip BUpoison BUforeign BUmixed DRmixed data5 nonsense5 GB DR tail touched held", 4},
    {"bad buffers", "open CM peer10", "GB EXHagain recvagain GBro GB0 GBhint0 BU EXHtype CLtype CL ER close", 4},
    {"end of file", "open CM", "peer10 fin GB BU recv0 ER ER1 ER{ } CL CLreset close", 4},
    {"kept open", "open CM fin ER1", "write send10 got10 write_eof shutdown sawfin CL close sockclose GB spin", 4},
    {"pausing", "open CM peer10", "pause resume GB BU recv10 reading=0 reading=1 fin ER close timeout", 4},
    {"pausing inside", "open", "CM CM{ GB{ BU{ GB } pause resume peer10 BU spin", 5},
    {"closing", "open CM peer10", "close abort GB BU write send10 sendpipe CL CLreset got10 sawfin fin", 4},
    {"closing inside", "open CM", "GB{ BU ER{ close{ abort } }! CL pause{ resume{", 5},
    {"writing", "open CM",
     "write lines write0 writestr write{ lines{ } }!type send10 got10 gotmixed data5 nonsense5 gotnonsense sawfin", 4},
    {"half close", "open CM",
     "write write{ write_eof write_eof{ can_eof=0 can_eof=1 } }!runtime }!unsupported shutdown send10 sawfin CL", 4},
    {"flow", "open CM limits20/5", "write lines PW RW send10 write{ lines{ } size=0 size=10 got10 CL", 4},
    {"limits", "open CM",
     "limits20/5 limits10/ limits0/ limits5/10 limits{ } }!value limits=20/5 limits=0/0 write send3 PW", 4},
    {"flow raises", "open CM limits0/", "write{ PW PW{ RW } }! EXHprobe CLprobe close abort send10", 5},
    {"switching", "open CM peer10", "switch switchplain GB GB{ GB'1 BU BU'1 DR'1 } protocol=0 protocol=1 ER1 recv10",
     4},
    {"live", "", "CM GB BUlive ER ER1 CL CLreset close abort write pause resume", 4},
    {"peer goes", "open CM write", "reset peerclose stop start recvreset sendpipe got10 CL CLreset abort close crash",
     4},
};

const alphabet_family *alphabet_family_get(unsigned index) {
  return index < sizeof families / sizeof *families ? &families[index] : NULL;
}

static const alphabet_word *find(const char *word, size_t size) {
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strlen(words[i].word) == size && memcmp(words[i].word, word, size) == 0) return &words[i];
  return NULL;
}

unsigned alphabet_read(const char *list, const alphabet_word *found[ALPHABET_WORDS_MAX]) {
  unsigned count = 0;
  while (*(list += strspn(list, " ")) != 0 && count < ALPHABET_WORDS_MAX) {
    size_t size = strcspn(list, " ");
    found[count] = find(list, size);
    if (found[count] == NULL) {
      (void)fprintf(stderr, "there is no word '%.*s'\n", (int)size, list);
      return 0;
    }
    count++;
    list += size;
  }
  return count;
}

/* Where what has an offset goes on. */
static uint32_t *offset_of(alphabet_trace *trace, unsigned event) {
  switch (event) {
  case WEIR_EVENT_BUFFER_UPDATED:
  case WEIR_EVENT_DATA_RECEIVED: return &trace->delivered;
  case WEIR_EVENT_PEER_SEND: return &trace->sent;
  case WEIR_EVENT_WRITE:
  case WEIR_EVENT_WRITELINES: return &trace->written;
  case WEIR_EVENT_PEER_RECEIVED: return &trace->received;
  default: return NULL;
  }
}

/* A call that is refused is refused at once; and each callback raises once, since the validator remembers one raise of
 * each (B14, F7). */
static bool may_raise(const alphabet_trace *trace, const alphabet_word *word) {
  uint8_t event = trace->open[trace->depth - 1];
  if (event == WEIR_EVENT_OUTSIDE) return false;
  const weir_record *last = &trace->records[trace->count - 1];
  bool at_once = last->event == event && (last->flags & (WEIR_FLAG_BEGIN | WEIR_FLAG_END)) == WEIR_FLAG_BEGIN;
  if (weir_event_group_of(event) == WEIR_GROUP_CALL) return word->record.code == WEIR_EXCEPTION_PROBE || at_once;
  for (uint32_t i = 0; i < trace->count; i++)
    if (trace->records[i].event == event && (trace->records[i].flags & WEIR_FLAG_RAISED)) return false;
  return true;
}

static bool leave(alphabet_trace *trace, const alphabet_word *word) {
  if (trace->depth == 0 || (word->leaves == 2 && !may_raise(trace, word))) return false;
  weir_record end = {.event = trace->open[--trace->depth], .flags = WEIR_FLAG_END};
  if (word->leaves == 1) {
    if (end.event == WEIR_EVENT_GET_BUFFER) end.b = 64;
  } else {
    end.flags |= WEIR_FLAG_RAISED;
    end.code = word->record.code;
    bool write = end.event == WEIR_EVENT_WRITE || end.event == WEIR_EVENT_WRITELINES;
    if (write && end.code != WEIR_EXCEPTION_PROBE) trace->written -= 10; /* it took nothing */
    if (end.code == WEIR_EXCEPTION_PROBE) end.a = ++trace->raises;
  }
  trace->records[trace->count++] = end;
  return true;
}

/* What cannot be, whatever the transport does: what the kernel, the application and the recorder never do. */
static bool is_possible(const alphabet_trace *trace, const alphabet_word *word) {
  const weir_record *record = &word->record;
  bool last = trace->count > 0, mixed = false;
  if (last) {
    const weir_record *before = &trace->records[trace->count - 1];
    if (before->event == WEIR_EVENT_END) return false;
    mixed = before->code == WEIR_DATA_MIXED && trace->parts > 0;
    mixed = mixed || (before->event == WEIR_EVENT_DATA && trace->parts > 0);
  }
  if (record->event == WEIR_EVENT_DATA && !word->leaves) return mixed;
  if (mixed) return false; /* its parts follow at once */
  if (word->leaves) return trace->depth > 0;
  if (record->event == WEIR_EVENT_CONNECTION_MADE || record->event == WEIR_EVENT_GET_BUFFER ||
      record->event == WEIR_EVENT_WRITE_EOF) /* never inside themselves */
    for (unsigned i = 0; i < trace->depth; i++)
      if (trace->open[i] == record->event) return false;
  if (weir_event_group_of(record->event) == WEIR_GROUP_CALL && trace->opened && !trace->made) return false;
  if (record->code == WEIR_DATA_STREAM &&
      (record->event == WEIR_EVENT_BUFFER_UPDATED || record->event == WEIR_EVENT_DATA_RECEIVED))
    return record->a <= trace->sent || trace->sent == 0;
  return true;
}

/* The bytes of a wrong delivery: those before once more, or some left out. */
static uint64_t place_of(const alphabet_word *word, uint32_t offset) {
  if (word->record.b == 1) return offset >= 10 ? offset - 10 : offset + 10;
  return word->record.b == 2 ? offset + 5 : offset;
}

bool alphabet_add(alphabet_trace *trace, const alphabet_word *word) {
  if (trace->count + 2 > ALPHABET_RECORDS_MAX || !is_possible(trace, word)) return false;
  if (word->leaves) return leave(trace, word);
  weir_record record = word->record;
  bool opens = record.flags & WEIR_FLAG_BEGIN && !(record.flags & WEIR_FLAG_END);
  if (opens && trace->depth == ALPHABET_DEPTH_MAX) return false;
  uint32_t *offset = offset_of(trace, record.event);
  if (offset != NULL) {
    record.b = place_of(word, *offset);
    if (record.code != WEIR_DATA_MIXED) *offset += record.a;
    trace->parts = record.code == WEIR_DATA_MIXED ? 2 : 0;
    trace->whole = record.event;
  }
  if (record.event == WEIR_EVENT_DATA) {
    uint32_t *place = offset_of(trace, trace->whole);
    record.b = *place;
    *place += record.a;
    trace->parts--;
  }
  if (record.event == WEIR_EVENT_OPEN) trace->opened = true;
  if (record.event == WEIR_EVENT_CONNECTION_MADE) trace->made = true;
  if (opens) trace->open[trace->depth++] = record.event;
  trace->records[trace->count++] = record;
  return true;
}
