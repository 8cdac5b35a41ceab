"""Python's garbage collector, kept from stopping the loop."""

import gc
from typing import Final

# Collections of the youngest objects stop the loop for microseconds, full ones over many objects for far longer. What
# a query makes is freed by counting references, so the collector has little to do.
_THRESHOLDS: Final = (100_000, 20, 100)


def spare() -> None:
    """What is there now, once all has started, is never looked at again, and what comes is looked at seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
