"""asyncio's selector event loop inside a fuzzer: what cpython.c calls.

Its own code, and nothing else, is watched: every line of the package asyncio and of
the module selectors that is reached.
"""

import asyncio
import gc
import selectors
import sys

import loops
import weir
import weir_fuzz

TOOL = 3  # of sys.monitoring's six: none that another tool has by convention


def new_loop():
    return asyncio.SelectorEventLoop(selectors.EpollSelector())


def codes(of):
    """A code object, and those of the functions and classes in it."""
    yield of
    for constant in of.co_consts:
        if hasattr(constant, "co_consts"):
            yield from codes(constant)


def modules():
    names = [name for name in sys.modules if name.split(".")[0] in ("asyncio", "selectors")]
    return [sys.modules[name] for name in sorted(names)]


def functions(place, seen):
    """The functions of a module or class."""
    for found in list(vars(place).values()):
        found = getattr(found, "fget", None) or getattr(found, "__func__", found)
        if id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, type):
            yield from functions(found, seen)
        elif hasattr(found, "__code__"):
            yield found


def watch():
    if not hasattr(sys, "monitoring"):
        weir_fuzz.trace([module.__file__ for module in modules()])
        return
    line = sys.monitoring.events.LINE
    sys.monitoring.use_tool_id(TOOL, "weir")
    sys.monitoring.register_callback(TOOL, line, weir_fuzz.line)
    files = {module.__file__ for module in modules()}
    seen = set()
    for module in modules():
        for function in functions(module, seen):
            if function.__code__.co_filename in files:
                for code in codes(function.__code__):
                    sys.monitoring.set_local_events(TOOL, code, line)


class Server:
    """The loop outlives an input, as it outlives a run elsewhere."""

    def __init__(self):
        loops.hello("asyncio", weir.version())
        watch()
        self.harness, self.inputs = None, 0

    def __call__(self):
        self.harness = loops.serve(new_loop, harness=self.harness)
        self.inputs += 1
        if self.inputs % weir.GARBAGE_RUNS_MAX == 0:
            gc.collect()
