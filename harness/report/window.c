#include "report/window.h"

#include <assert.h>

/* What is being chosen from. */
typedef struct weir_choice {
  const weir_record *records;
  const uint8_t *depths;
  uint32_t count; /* of records */
  unsigned lines;
  weir_window *window;
} weir_choice;

/* Lines that the events so far take, with the gaps between them. */
static unsigned lines_taken(const weir_choice *choice) {
  const weir_window *window = choice->window;
  unsigned lines = window->count;
  if (window->events[0] > 0) lines++;
  for (uint32_t i = 1; i < window->count; i++)
    if (window->events[i] > window->events[i - 1] + 1) lines++;
  if (window->events[window->count - 1] + 1 < choice->count) lines++;
  return lines;
}

/* Puts an event in its place, unless it is there or no line is left for it. */
static bool take(weir_choice *choice, uint32_t event) {
  weir_window *window = choice->window;
  uint32_t place = 0;
  while (place < window->count && window->events[place] < event) place++;
  if (place < window->count && window->events[place] == event) return true;
  if (window->count == WEIR_WINDOW_MAX) return false;
  weir_window before = *window;
  for (uint32_t i = window->count; i > place; i--) window->events[i] = window->events[i - 1];
  window->events[place] = event;
  window->count++;
  if (lines_taken(choice) <= choice->lines) return true;
  *window = before;
  return false;
}

/* The begins that an event stands in, from the inside. */
static void take_outer(weir_choice *choice, uint32_t event) {
  unsigned depth = choice->depths[event];
  bool room = true;
  for (uint32_t i = event; i > 0 && depth > 0 && room; i--) {
    if (choice->depths[i - 1] >= depth || !(choice->records[i - 1].flags & WEIR_FLAG_BEGIN)) continue;
    depth = choice->depths[i - 1];
    room = take(choice, i - 1);
  }
}

/* Neighbours of an event, two before it for each one behind. */
static void take_around(weir_choice *choice, uint32_t event) {
  for (uint32_t far = 1; far <= WEIR_WINDOW_MAX; far++) {
    for (uint32_t before = 2 * far - 1; before <= 2 * far; before++)
      if (before <= event) (void)take(choice, event - before);
    if (far < choice->count - event) (void)take(choice, event + far);
  }
}

void weir_window_choose(const weir_record *records, const uint8_t *depths, uint32_t count, uint64_t event,
                        uint64_t since, unsigned lines, weir_window *window) {
  assert(count > 0);
  assert(lines >= 4 && lines <= WEIR_WINDOW_MAX);
  uint32_t at = event < count ? (uint32_t)event : count - 1;
  uint32_t from = since < count ? (uint32_t)since : count - 1;
  *window = (weir_window){.count = 1, .events = {at}};
  weir_choice choice = {.records = records, .depths = depths, .count = count, .lines = lines, .window = window};
  (void)take(&choice, from);
  take_outer(&choice, at);
  take_outer(&choice, from);
  /* What comes next is worth a line: it shows what the trace went on with. */
  if (at + 1 < count) (void)take(&choice, at + 1);
  if (from + 1 < count) (void)take(&choice, from + 1);
  take_around(&choice, at);
  take_around(&choice, from);
}
