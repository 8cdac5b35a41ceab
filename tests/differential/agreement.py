"""What several servers say of one question, and in what they must agree.

The majority is right. Where an answer may be told in several ways, those ways are made one here, each for its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from pydns import names
from pydns.records import Rcode, Type
from tests.differential.asking import Question
from tests.differential.message import RR, Answer, Message, comparable, covered

Said = Mapping[str, Message]
"""By who says it."""
Apexes = frozenset[bytes]
T = TypeVar("T")


def expected(said: Said, question: Question, apexes: Apexes) -> Answer | None:
    """The answer of the majority, or each part of it as the majority has it; None where there is none."""
    answers = [within_zone(comparable(message, apexes), question, apexes) for message in said.values()]
    whole = _majority(answers)
    if whole is not None:
        return whole
    endless = _endless(answers)
    if endless is not None:
        return endless
    fields = [_majority([getattr(answer, field) for answer in answers]) for field in Answer._fields]
    return None if None in fields else Answer(*fields)  # type: ignore[arg-type]  # each is of its field


def _majority(said: Sequence[T]) -> T | None:
    what, votes = Counter(said).most_common(1)[0]
    return what if votes * 2 > len(said) else None


def agrees(message: Message, wanted: Answer, question: Question, apexes: Apexes) -> bool:
    ours = within_zone(comparable(message, apexes), question, apexes)
    return ours == wanted or (is_bare(wanted) and _endless([ours, wanted]) is not None)


def within_zone(answer: Answer, question: Question, apexes: Apexes) -> Answer:
    """The answer as far as the zone gives it that holds the question's name.

    RFC 1034 section 4.3.2 step 3a goes back to step 1 for the target of a CNAME, where each looks in other zones: NSD
    goes to zones above and below, BIND to those below, Knot to none, pydns to whoever has the name by the Corefile.
    """
    zone = zone_of(question.name.translate(names.LOWER), question.type, apexes)
    for i, rr in enumerate(answer.chain):
        if rr[1] == Type.CNAME and question.type != Type.CNAME and zone_of(rr[3], question.type, apexes) != zone:
            return Answer(Rcode.NOERROR, True, *_begun(answer, i + 1))
    return answer


def _begun(answer: Answer, length: int) -> tuple[tuple[RR, ...], frozenset[RR]]:
    """The beginning of its chain, with the signatures of that."""
    chain = answer.chain[:length]
    aliases = {(rr[0], rr[1]) for rr in chain}
    return chain, frozenset(rr for rr in answer.data if rr[1] == Type.RRSIG and (rr[0], covered(rr)) in aliases)


def zone_of(name: bytes, type_: int, apexes: Apexes) -> bytes | None:
    """The zone that answers for a name: DS stands in the zone above (RFC 4035 section 3.1.4.1)."""
    if type_ == Type.DS and name in apexes:
        return names.longest_match(names.parent(name), apexes) or name
    return names.longest_match(name, apexes)


def is_bare(answer: Answer) -> bool:
    """A chain and its signatures, and nothing else."""
    rest = answer.data - _begun(answer, len(answer.chain))[1]
    return bool(answer.chain) and not (rest or answer.referral or answer.negative)


def _endless(answers: Sequence[Answer]) -> Answer | None:
    """The shortest of chains that have no end, where the others go on as it does; None where they are none.

    How far such a chain is followed is each one's own. RFC 1034 section 3.6.2 wants loops signalled as an error, which
    BIND does by SERVFAIL; the others answer NOERROR.
    """
    length = min(len(answer.chain) for answer in answers)
    if length < _FOLLOWED or not all(map(is_bare, answers)):
        return None
    begun = {_begun(answer, length) for answer in answers}
    return Answer(Rcode.NOERROR, True, *begun.pop()) if len(begun) == 1 else None


_FOLLOWED: Final = 2  # a DNAME and what it makes of the name: the least that is followed of a chain without end


def differing(wanted: Answer, ours: Answer) -> list[str]:
    """The names of what is not equal."""
    return [field for field in Answer._fields if getattr(wanted, field) != getattr(ours, field)]


def rrs(message: Message) -> dict[str, tuple[RR, ...]]:
    return {"answer": message.answer, "authority": message.authority, "additional": message.additional}
