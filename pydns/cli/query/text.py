"""How an answer is shown: lines in the form of a zone file with comments, data alone, or JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from pydns import names
from pydns.cli.output import Line, plain
from pydns.cli.query.answer import SECTIONS
from pydns.cli.query.edns_text import extended_error, option_name, option_text
from pydns.records import Rcode, Record, class_text, rcode_text, type_text
from pydns.wire.edns import EXTENDED_ERROR
from pydns.wire.opened import record_text

if TYPE_CHECKING:
    from pydns.cli.query.answer import Answer, Opt
    from pydns.cli.query.asking import Outcome
    from pydns.cli.query.question import Question
    from pydns.upstream.endpoint import Endpoint

_WIDEST_OWNER: Final = 40  # owners longer than this push their line to the right


def lines(question: Question, outcome: Outcome, server: Endpoint) -> Iterator[Line]:
    """All that is known of the answer."""
    answer = outcome.answer
    status = rcode_text(answer.rcode)
    style = "bold green" if answer.rcode == Rcode.NOERROR else "bold red"
    yield ((";; status: ", "dim"), (status, style), (f", flags: {' '.join(answer.flag_names)}, id: {answer.id}", "dim"))
    if answer.opt is not None:
        yield from _opt_lines(answer.opt)
    if not answer.has_question:
        yield _comment("it is a bare header, without our question")
        if question.size is not None:
            yield _comment("the server may not know EDNS: try --no-edns")
    yield plain("")
    yield _comment("QUESTION")
    yield ((f";{names.to_text(question.name)} {class_text(question.class_)} {type_text(question.type)}", "dim"),)
    for section, records in zip(SECTIONS, answer.sections, strict=True):
        if records:
            yield plain("")
            yield _comment(section.upper())
            yield from map(plain, _record_lines(records))
    yield plain("")
    if outcome.remark:
        yield ((f";; {outcome.remark}", "yellow"),)
    if outcome.ignored.count:
        yield ((f";; before it came what is no answer{outcome.ignored.told()}", "yellow"),)
    how = f"{_milliseconds(outcome):g} ms, from {server} over {outcome.transport.upper()}"
    yield _comment(f"{how}, {len(answer.wire)} octets")


def short_lines(answer: Answer) -> Iterator[Line]:
    """The data of the answer section, a record a line."""
    for record in answer.sections[0]:
        yield plain(record_text(record))


def as_json(question: Question, outcome: Outcome, server: Endpoint) -> dict[str, Any]:
    answer = outcome.answer
    found: dict[str, Any] = {
        "status": rcode_text(answer.rcode),
        "flags": answer.flag_names,
        "id": answer.id,
        "question": {
            "name": names.to_text(question.name),
            "class": class_text(question.class_),
            "type": type_text(question.type),
        },
    }
    for section, records in zip(SECTIONS, answer.sections, strict=True):
        found[section] = [_record_json(record) for record in records]
    return found | {
        "edns": None if answer.opt is None else _opt_json(answer.opt),
        "server": str(server),
        "transport": outcome.transport,
        "milliseconds": _milliseconds(outcome),
        "size": len(answer.wire),
        "ignored": outcome.ignored.count,
        "remark": outcome.remark,
    }


def _comment(text: str) -> Line:
    return ((f";; {text}", "dim"),)


def _opt_lines(opt: Opt) -> Iterator[Line]:
    yield _comment(f"EDNS: version {opt.version}, size {opt.size}{', do' if opt.do else ''}")
    if opt.options is None:
        yield _comment("its EDNS options are broken")
    for code, data in opt.options or ():
        style = "yellow" if code == EXTENDED_ERROR else "dim"
        yield ((f";; {option_name(code)}: {option_text(code, data)}", style),)


def _record_lines(records: Sequence[Record]) -> Iterator[str]:
    """Columns that stand below each other."""
    owners = [names.to_text(record.owner) for record in records]
    width = min(_WIDEST_OWNER, max(map(len, owners)))
    for owner, record in zip(owners, records, strict=True):
        kind = f"{class_text(record.class_)} {type_text(record.type):<6}"
        yield f"{owner:<{width}} {record.ttl:>6} {kind} {record_text(record)}"


def _milliseconds(outcome: Outcome) -> float:
    return round(outcome.seconds * 1000, 1)


def _record_json(record: Record) -> dict[str, Any]:
    return {
        "name": names.to_text(record.owner),
        "ttl": record.ttl,
        "class": class_text(record.class_),
        "type": type_text(record.type),
        "data": record_text(record),
    }


def _opt_json(opt: Opt) -> dict[str, Any]:
    found = []
    for code, data in opt.options or ():
        option: dict[str, Any] = {"code": code, "name": option_name(code), "text": option_text(code, data)}
        if code == EXTENDED_ERROR and (error := extended_error(data)):
            option["error"] = {"code": error[0], "name": error[1], "text": error[2]}
        found.append(option)
    return {"version": opt.version, "size": opt.size, "do": opt.do, "options": found}
