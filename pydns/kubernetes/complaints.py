"""What is wrong with the API now: told when it begins and when it is over, once for all who suffer from it."""

from __future__ import annotations

import logging

log = logging.getLogger("pydns.kubernetes.client")


class Complaints:
    """`place`: whose they are; `consequence`: what that means for the answers, as long as it lasts."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._of: dict[object, str] = {}
        self.consequence = "until it was heard, its names are SERVFAIL"

    def __bool__(self) -> bool:
        return bool(self._of)

    def tell(self, who: object, text: str) -> None:
        if text not in self._of.values():
            log.warning("%s: %s; %s", self._place, text, self.consequence)
        self._of[who] = text

    def clear(self, who: object) -> None:
        if self._of.pop(who, None) is not None and not self._of:
            log.info("%s: is heard again", self._place)
