"""Who passes plain queries on to an upstream, and what the plugins above would do to its answers.

Folded from the plugin that asks upstreams to the top of the chain (`Plugin.relay`), once, when a block is made. Then
such a query needs no Query, and its answer no Reply: see `pydns.relaylane`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from pydns.later import Later
    from pydns.query import Query
    from pydns.reply import Reply
    from pydns.upstream.exchange import Exchange
    from pydns.upstream.upstream import Upstream

ANY_NUMBER: Final = 2**16


class Relay(NamedTuple):
    """What it takes to relay a query.

    * `upstream`: from its name and type to who is asked over UDP; None where it takes a query to tell
    * `timeout`: seconds that the upstream has
    * `by`: the plugin that answers
    * `rcodes`: an answer of these is given as the upstream gave it, without options of its OPT
    * `records`: an answer with more of them in a section must be seen by the plugins
    * `later`: from a query and an exchange that has ended to the reply, where more than that must be done
    * `amends`: as in `Later`; the house sets it
    """

    upstream: Callable[[bytes, int], Upstream | None]
    timeout: float
    by: str
    rcodes: frozenset[int]
    later: Callable[[Query, Exchange], Later]
    records: int = ANY_NUMBER
    amends: tuple[Callable[[Query, Reply], Any], ...] = ()
