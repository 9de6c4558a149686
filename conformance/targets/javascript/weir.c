/* weir/adapter.h for JavaScript: a Node-API module, which Node, Deno and Bun all
 * load.  Numbers go both ways as doubles; what weir_adapter_call tells lies in
 * the array `told`, which is always the same.  Build: scripts/targets. */
#include <node_api.h>
#include <string.h>

#include "weir/adapter.h"

enum { ARGUMENTS_MAX = 6, WORD_MAX = 256, TOLD = 12 };

/* Where the harness's answers are put: the memory of `told`. */
static double *told;
static weir_adapter_call_info the_call;

typedef struct arguments {
  napi_env env;
  size_t count;
  napi_value values[ARGUMENTS_MAX];
} arguments;

static arguments read_arguments(napi_env env, napi_callback_info info) {
  arguments read = {.env = env, .count = ARGUMENTS_MAX};
  (void)napi_get_cb_info(env, info, &read.count, read.values, NULL, NULL);
  return read;
}

static double number_at(const arguments *given, size_t index) {
  double number = 0;
  if (index < given->count) (void)napi_get_value_double(given->env, given->values[index], &number);
  return number;
}

static void text_at(const arguments *given, size_t index, char text[WORD_MAX]) {
  size_t size = 0;
  text[0] = '\0';
  if (index < given->count) (void)napi_get_value_string_utf8(given->env, given->values[index], text, WORD_MAX, &size);
}

/* The memory of a Uint8Array; NULL for anything else. */
static void *memory_at(const arguments *given, size_t index, size_t *size) {
  bool is_array = false;
  void *memory = NULL;
  *size = 0;
  if (index < given->count) (void)napi_is_typedarray(given->env, given->values[index], &is_array);
  if (is_array) (void)napi_get_typedarray_info(given->env, given->values[index], NULL, size, &memory, NULL, NULL);
  return memory;
}

static napi_value number(napi_env env, double value) {
  napi_value made = NULL;
  (void)napi_create_double(env, value, &made);
  return made;
}

static napi_value hello(napi_env env, napi_callback_info info) {
  arguments given = read_arguments(env, info);
  char name[WORD_MAX], version[WORD_MAX];
  text_at(&given, 1, name);
  text_at(&given, 2, version);
  return number(env, weir_adapter_hello((int)number_at(&given, 0), name, version, (uint32_t)number_at(&given, 3)));
}

static napi_value inlined(napi_env env, napi_callback_info info) {
  (void)info;
  return number(env, weir_adapter_inlined());
}

static napi_value next(napi_env env, napi_callback_info info) {
  (void)info;
  weir_adapter_run run = {.descriptor = -1};
  int more = weir_adapter_next(&run);
  told[0] = run.descriptor;
  told[1] = run.control;
  told[2] = run.plain;
  told[3] = run.first_size;
  return number(env, more);
}

static napi_value fail(napi_env env, napi_callback_info info) {
  arguments given = read_arguments(env, info);
  char text[WORD_MAX];
  text_at(&given, 0, text);
  weir_adapter_fail(text);
  return number(env, 0);
}

static napi_value begin(napi_env env, napi_callback_info info) {
  arguments given = read_arguments(env, info);
  size_t size;
  const void *memory = memory_at(&given, 4, &size);
  weir_adapter_begin((int)number_at(&given, 0), (int)number_at(&given, 1), (int64_t)number_at(&given, 2),
                     (int64_t)number_at(&given, 3), memory, size);
  return number(env, 0);
}

static napi_value call(napi_env env, napi_callback_info info) {
  (void)info;
  weir_adapter_decision decision;
  int more = weir_adapter_call(&the_call, &decision);
  const double answer[TOLD] = {the_call.event,     the_call.option,       (double)the_call.a,
                               (double)the_call.b, (double)the_call.size, decision.raise,
                               decision.size,      decision.kind,         decision.value};
  memcpy(told, answer, sizeof answer);
  return number(env, more);
}

/* The bytes that the latest call is to write, copied. */
static napi_value bytes(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value made = NULL;
  (void)napi_create_buffer_copy(env, (size_t)the_call.size, (const void *)(uintptr_t)the_call.address, NULL, &made);
  return made;
}

static napi_value done(napi_env env, napi_callback_info info) {
  arguments given = read_arguments(env, info);
  weir_adapter_done((int)number_at(&given, 0), (uint32_t)number_at(&given, 1), (uint64_t)number_at(&given, 2));
  return number(env, 0);
}

static napi_value end(napi_env env, napi_callback_info info) {
  arguments given = read_arguments(env, info);
  size_t size;
  void *memory = memory_at(&given, 0, &size);
  weir_adapter_end(memory, size);
  return number(env, 0);
}

static napi_value outside(napi_env env, napi_callback_info info) {
  (void)info;
  return number(env, weir_adapter_outside());
}

static napi_value wake(napi_env env, napi_callback_info info) {
  (void)info;
  return number(env, weir_adapter_wake());
}

static napi_value exception(napi_env env, napi_callback_info info) {
  arguments given = read_arguments(env, info);
  weir_adapter_exception((int)number_at(&given, 0), (uint32_t)number_at(&given, 1));
  return number(env, 0);
}

static napi_value number_of(napi_env env, napi_callback_info info) {
  arguments given = read_arguments(env, info);
  char list[WORD_MAX], word[WORD_MAX];
  text_at(&given, 0, list);
  text_at(&given, 1, word);
  return number(env, weir_adapter_number(list, word));
}

NAPI_MODULE_INIT() {
  static const struct {
    const char *name;
    napi_callback function;
  } functions[] = {
      {"hello", hello}, {"inlined", inlined},  {"next", next},          {"fail", fail}, {"begin", begin},
      {"call", call},   {"bytes", bytes},      {"done", done},          {"end", end},   {"outside", outside},
      {"wake", wake},   {"number", number_of}, {"exception", exception}};
  napi_value memory, array, function;
  void *place = NULL;
  if (napi_create_arraybuffer(env, TOLD * sizeof(double), &place, &memory) != napi_ok ||
      napi_create_typedarray(env, napi_float64_array, TOLD, memory, 0, &array) != napi_ok ||
      napi_set_named_property(env, exports, "told", array) != napi_ok)
    return NULL;
  told = place;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
    if (napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].function, NULL, &function) !=
            napi_ok ||
        napi_set_named_property(env, exports, functions[i].name, function) != napi_ok)
      return NULL;
  return exports;
}
