"""Why a signature is not taken, in the numbers that TSIG records have for it (RFC 8945 section 3)."""

from __future__ import annotations

from enum import IntEnum

from pydns.errors import PydnsError


class Fault(IntEnum):
    """The error field of a TSIG record."""

    BADSIG = 16
    BADKEY = 17
    BADTIME = 18
    BADTRUNC = 22


class TsigError(PydnsError):
    """A message's signature is wrong or missing; `fault` is what the sender may be told of it, None where nothing."""

    def __init__(self, reason: str, fault: Fault | None = None) -> None:
        super().__init__(reason)
        self.fault = fault


def known_fault(number: int) -> Fault | None:
    return next((fault for fault in Fault if fault == number), None)


def fault_text(number: int) -> str:
    """The name of an error field; its number where it has none."""
    fault = known_fault(number)
    return fault.name if fault is not None else f"error {number}"
