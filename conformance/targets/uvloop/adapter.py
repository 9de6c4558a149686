"""uvloop under Weir."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "python"))
import loops  # noqa: E402


def main():
    uvloop = loops.installed("uvloop")
    loops.test("uvloop", uvloop.__version__, uvloop.new_event_loop)


if __name__ == "__main__":
    main()
