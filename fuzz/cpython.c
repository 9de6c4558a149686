/* asyncio's selector event loop under any scenario: CPython is embedded, its
 * sockets are the simulation's, and the lines of asyncio that an input reaches
 * are counters of the fuzzer's. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <signal.h>

#include "fuzz.h"
#include "program.h"

enum { LINES = 1 << 14, CODES = 1 << 12 };

/* By hash of the place: one more that it meets costs nothing but news. */
__attribute__((used, section("__libfuzzer_extra_counters"))) uint8_t fuzz_lines[LINES];

/* 3.11 shows a tracer every function there is: whose lines count, by the address of its code. */
static struct {
  PyObject *files;
  struct {
    const PyCodeObject *code;
    bool watched;
  } codes[CODES];
  PyObject *server;
} self;

static void count_line(const PyCodeObject *code, int line) {
  const uint32_t place = (uint32_t)line * UINT32_C(2654435761) ^ (uint32_t)code->co_firstlineno * UINT32_C(40503);
  uint8_t *counter = &fuzz_lines[(place >> 12) % LINES];
  *counter = 1; /* how often says little, and would make many inputs look new */
}

static bool is_watched(PyCodeObject *code) {
  const size_t at = ((uintptr_t)code >> 5) % CODES;
  if (self.codes[at].code == code) return self.codes[at].watched;
  self.codes[at].code = code;
  self.codes[at].watched = PySequence_Contains(self.files, code->co_filename) == 1;
  return self.codes[at].watched;
}

static int on_trace(PyObject *nothing, PyFrameObject *frame, int what, PyObject *argument) {
  (void)nothing, (void)argument;
  if (what != PyTrace_LINE && what != PyTrace_CALL) return 0;
  PyCodeObject *code = PyFrame_GetCode(frame);
  if (is_watched(code)) count_line(code, PyFrame_GetLineNumber(frame));
  Py_DECREF(code);
  return 0;
}

/* trace(files): what is before sys.monitoring. */
static PyObject *trace(PyObject *module, PyObject *files) {
  (void)module;
  self.files = Py_NewRef(files);
  PyEval_SetTrace(on_trace, NULL);
  Py_RETURN_NONE;
}

/* line(code, number): what sys.monitoring calls. */
static PyObject *line(PyObject *module, PyObject *const *arguments, Py_ssize_t count) {
  (void)module;
  if (count == 2 && PyCode_Check(arguments[0]))
    count_line((const PyCodeObject *)arguments[0], (int)PyLong_AsLong(arguments[1]));
  Py_RETURN_NONE;
}

/* A function's real type is behind that of the table. */
static PyMethodDef methods[] = {
    {"trace", trace, METH_O, NULL},
    {"line", (PyCFunction)(void (*)(void))line, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "weir_fuzz", .m_size = -1,
                                        .m_methods = methods};

static PyObject *make_module(void) {
  return PyModule_Create(&definition);
}

static void stop_on_error(void) {
  if (PyErr_Occurred() == NULL) return;
  PyErr_Print();
  (void)fputs("fuzz_cpython: the adapter failed\n", stderr);
  _exit(2);
}

static void begin(void) {
  PyConfig config;
  (void)signal(SIGPIPE, SIG_IGN); /* as the interpreter does */
  PyConfig_InitIsolatedConfig(&config);
  config.install_signal_handlers = 0;
  config.use_hash_seed = 1; /* the same traces each time */
  config.write_bytecode = 0;
  FUZZ_CHECK(PyImport_AppendInittab("weir_fuzz", make_module) == 0);
  (void)PyConfig_SetBytesString(&config, &config.program_name, FUZZ_PYTHON);
  PyStatus status = Py_InitializeFromConfig(&config);
  PyConfig_Clear(&config);
  FUZZ_CHECK(PyStatus_Exception(status) == 0);
  FUZZ_CHECK(PyRun_SimpleString("import sys; sys.path[:0] = '" FUZZ_PLACES "'.split(':')") == 0);
  PyObject *module = PyImport_ImportModule("cpython");
  stop_on_error();
  self.server = PyObject_CallMethod(module, "Server", NULL);
  stop_on_error();
  Py_DECREF(module);
}

static void serve(void) {
  if (self.server == NULL) begin();
  Py_XDECREF(PyObject_CallNoArgs(self.server));
  stop_on_error();
}

const char *__asan_default_options(void);
/* What the interpreter keeps until its end is no leak. */
const char *__asan_default_options(void) {
  return "detect_leaks=0";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const fuzz_about about = {.serve = serve, .rules = ""};
  fuzz_program(&about, data, size);
  return 0;
}
