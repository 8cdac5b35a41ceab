"""When a secondary asks again, and when it gives up: the SOA's timers (RFC 1035 section 3.3.13), kept within bounds."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from pydns.transfer.soa import Soa

LEAST_REFRESH: Final = 30.0
LEAST_RETRY: Final = 10.0
MOST_REFRESH: Final = 4 * 7 * 86_400.0
MOST_RETRY: Final = 2 * 7 * 86_400.0
MOST_EXPIRE: Final = 24 * 7 * 86_400.0

_JITTER: Final = 0.25  # of a time at most, so that zones which came together are not asked for together for ever
_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 10.0
_PATIENT: Final = 60  # failures after which nobody waits for it any more
_PATIENT_PAUSE: Final = 60.0


class Timers(NamedTuple):
    """Seconds."""

    refresh: float
    retry: float
    expire: float


def timers(soa: Soa) -> Timers:
    """Whatever the SOA says, a primary is not asked without pause, and a zone outlives one refresh that fails."""
    refresh = min(max(float(soa.refresh), LEAST_REFRESH), MOST_REFRESH)
    retry = min(max(float(soa.retry), LEAST_RETRY), MOST_RETRY)
    return Timers(refresh, retry, min(max(float(soa.expire), refresh + retry), MOST_EXPIRE))


def jittered(seconds: float) -> float:
    return seconds * random.uniform(1 - _JITTER, 1)


def pause(failures: int) -> float:
    """Seconds before the next try to get a zone that we do not have, after so many failures in a row."""
    if failures > _PATIENT:
        return _PATIENT_PAUSE
    return min(_FIRST_PAUSE * 2.0 ** min(failures - 1, 16), _LONGEST_PAUSE)
