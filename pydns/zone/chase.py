"""Follows an alias that leads out of the zone: the whole server is asked about its target."""

from __future__ import annotations

from pydns import names
from pydns.alias import joined
from pydns.errors import WireError
from pydns.query import DepthError, Query
from pydns.records import Ede, Rcode
from pydns.reply import Reply
from pydns.zone.lookup import Found


async def chase(query: Query, found: Found, by: str) -> Reply:
    """The chain in `found` with proofs of wildcards in it, and what there is at the name where it leaves the zone."""
    assert found.alias is not None
    alone = Reply(found.answer, found.authority, flags=Reply.AA, by=by, why=found.why)
    try:
        reply = (await query.resolve(found.alias, query.type)).opened()
    except DepthError:
        # It leads from zone to zone and back. Each of these gives its part, so the chain so far is the answer.
        alone.replay = False
        return alone
    except WireError as error:
        alone.rcode, alone.replay = Rcode.SERVFAIL, False
        alone.errors = ((Ede.OTHER, f"{by}: {names.to_text(found.alias)} cannot be followed: {error}"),)
        return alone
    if reply.dropped:
        return Reply.drop(by)
    if not reply.by and reply.rcode in (Rcode.REFUSED, Rcode.SERVFAIL):
        return alone  # nobody here has to do with that name: the client follows by itself
    return joined(found.answer, found.authority, reply, by, found.why)
