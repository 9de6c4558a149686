"""rloop under Weir."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "python"))
import loops  # noqa: E402

# set_protocol() raises NotImplementedError.
CAPABILITIES = [word for word in loops.CAPABILITIES if word != "set_protocol"]


def main():
    if "--unconfirmed" not in sys.argv:  # a false alarm is worse than a gap
        print("rloop is not judged yet: what it breaks is not confirmed with real sockets yet", file=sys.stderr)
        sys.exit(loops.UNAVAILABLE)
    rloop = loops.installed("rloop")
    loops.test("rloop", rloop.__version__, rloop.new_event_loop, CAPABILITIES)


if __name__ == "__main__":
    main()
