"""Why a zone was not transferred."""

from __future__ import annotations

from pydns.errors import PydnsError


class TransferError(PydnsError):
    """The transfer changes nothing; the message says why, for people."""


class SilentError(TransferError):
    """Nobody answered, or went on with an answer: whoever is asked there next has to wait as long."""


class MismatchError(TransferError):
    """The changes do not fit what we have, or the primary knows no IXFR: the whole zone may still be had."""


class KeyMissingError(TransferError):
    """Nobody here knows the key that a primary is to be asked with. Its file may be yet to be read."""
