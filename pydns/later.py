"""An answer that comes later, and that nobody waits for: who gives it is asked at once, and calls back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydns.query import Query
    from pydns.reply import Reply


class Later:
    """What `Plugin.at_once` gives where it has asked somebody else, and the reply is on its way.

    A query that is answered so needs no coroutine and no task: its plugins have passed it on at once, and what they
    amend is amended when the reply is there.

    * `then` is called once, with itself, when there is a reply or will be none. Never within `at_once`.
    * `amends` are the plugins above that have a part in the reply, the innermost first
    * `about` is whatever `then` wants to know

    It is no abstract base class: for each query it is asked whether something is one of these, which takes 1 us there.
    """

    __slots__ = ("about", "amends", "then")

    def __init__(self) -> None:
        self.about: Any = None
        self.amends: tuple[Callable[[Query, Reply], Any], ...] = ()
        self.then: Callable[[Later], None] | None = None

    def reply(self) -> Reply | None:
        """The reply; None where the whole chain must be asked, since it takes more than one try."""
        raise NotImplementedError
