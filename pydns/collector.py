"""Python's garbage collector, kept from stopping the loop."""

import gc
from typing import Final

# What a query makes is freed by counting references, so the collector has little to do. It looks when so many objects
# more were made than were freed. Where thousands of queries wait, and others take their place, the youngest are many
# more than that by then, and all alive: 10 ms for each 30,000. Full collections over many objects take far longer.
_THRESHOLDS: Final = (2_000, 1_000, 100)


def spare() -> None:
    """What is there now, once all has started, is never looked at again, and what comes is looked at seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
