"""What the API, or the way to it, had against a request."""

from __future__ import annotations

from pydns.errors import PydnsError


class ApiError(PydnsError):
    """`status`: of HTTP, 0 where there was no answer; `retry_after`: seconds that the API wants us to stay away."""

    def __init__(self, text: str, status: int = 0, retry_after: float = 0.0) -> None:
        super().__init__(text)
        self.status = status
        self.retry_after = retry_after


class GoneError(ApiError):
    """The version to go on from is too old (410): all must be listed anew."""

    def __init__(self, text: str = "the version is too old") -> None:
        super().__init__(text, 410)


class UnreadableError(ApiError):
    """An answer that is no list, or an event that is none."""
