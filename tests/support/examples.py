"""How many examples a property is tried on: few enough for every run, ``make fuzz`` asks for more."""

import os


def examples(usual: int) -> int:
    """``usual``, or FUZZ_EXAMPLES of the environment where that is more."""
    return max(usual, int(os.environ.get("FUZZ_EXAMPLES", "0")))
