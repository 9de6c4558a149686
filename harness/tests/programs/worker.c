/* A program that speaks the channel, and knows no simulation.  Its traces are
 * open and quiescent; what it does beside depends on its first argument and on
 * the number of the run. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "targets/channel.h"
#include "weir/transport.h"

static uint32_t record(const weir_worker *worker, uint32_t count, weir_event event, unsigned code) {
  weir_worker_records(worker)[count] = (weir_record){.event = (uint8_t)event, .code = (uint8_t)code};
  return count + 1;
}

static void serve(weir_worker *worker, const char *how) {
  for (unsigned run = 1; weir_worker_next(worker); run++) {
    uint32_t count = record(worker, 0, WEIR_EVENT_OPEN, 1);
    if (strcmp(how, "exit") == 0 && run == 2) exit(5);
    if (strcmp(how, "fail") == 0 && run == 2) {
      weir_worker_fail(worker, "no transport today");
      continue;
    }
    count = record(worker, count, WEIR_EVENT_END, WEIR_END_QUIESCENT);
    weir_worker_done(worker, count, worker->memory->scenario.count);
    if (strcmp(how, "leave") == 0) exit(0);
  }
}

int main(int argc, char **argv) {
  weir_worker worker;
  if (argc != 2 || weir_worker_attach(&worker, NULL) != WEIR_OK) return 9;
  if (weir_worker_hello(&worker, "worker", "4.5.6", WEIR_CAN_PAUSE, NULL) != WEIR_OK) return 9;
  serve(&worker, argv[1]);
  return 0;
}
