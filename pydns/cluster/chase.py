"""Follows the CNAME of an ExternalName: its target lies anywhere, and the whole server is asked about it."""

from __future__ import annotations

from pydns import names
from pydns.alias import joined
from pydns.cluster.answers import Found
from pydns.errors import WireError
from pydns.query import DepthError, Query
from pydns.records import Ede, Rcode
from pydns.reply import Reply


async def follow(query: Query, found: Found, alias: bytes, by: str) -> Reply:
    """The CNAME in `found`, and what there is at the name that it points to."""
    try:
        reply = (await query.resolve(alias, query.type)).opened()
    except (DepthError, WireError) as error:
        text = f"{by}: {names.to_text(alias)} of {found.why} cannot be followed: {error}"
        return Reply.failure(Ede.OTHER, text, by=by)
    if reply.dropped:
        return Reply.drop(by)
    if reply.rcode not in (Rcode.NOERROR, Rcode.NXDOMAIN):
        return Reply(rcode=reply.rcode, errors=reply.errors, by=by, why=found.why, replay=False)
    return joined(found.answer, (), reply, by, found.why)
