"""Why an update is not done."""

from __future__ import annotations

from pydns.errors import PydnsError
from pydns.records import Ede


class UpdateError(PydnsError):
    """What its sender is told: an rcode and, as an extended DNS error, a code and a text."""

    def __init__(self, rcode: int, text: str, code: int = Ede.OTHER) -> None:
        super().__init__(text)
        self.rcode = rcode
        self.text = text
        self.code = code
