"""The adapter to copy into your project: your event loop in place of asyncio's."""

import asyncio
import os
import platform
import shutil
import sys

# weir.py and loops.py stand beside the command, which is on PATH.
prefix = os.path.dirname(os.path.dirname(os.path.realpath(shutil.which("weir"))))
sys.path.insert(0, os.path.join(prefix, "share", "weir", "targets", "python"))
import loops  # noqa: E402

# A name, the version that expectations are about, and what makes a new loop.
loops.test("myloop", platform.python_version(), asyncio.SelectorEventLoop)
