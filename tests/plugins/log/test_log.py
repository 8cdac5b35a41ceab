from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import trio
import trio.testing

from pydns import names
from pydns.corefile.parser import parse_text
from pydns.errors import CorefileErrorGroup
from pydns.plugin import House
from pydns.query import Address, Edns, Query
from pydns.records import Class, Opcode, Rcode, Record, Type
from pydns.reply import Reply
from pydns.testing import Someone, query
from pydns_plugins.log import Log
from tests.pydns.serving import Giving, serving
from tests.pydns.wire.messages import message, question

if TYPE_CHECKING:
    from tests.plugins.log.conftest import Logged

    Make = Callable[[str], Logged]

NAME = names.from_text("example.org")
ADDRESS = Record(NAME, Type.A, Class.IN, 300, b"\xc0\0\2\1")
ANSWER = Reply((ADDRESS,), flags=Reply.AA)


async def test_the_common_format_is_the_default(logged: Make) -> None:
    log = logged("log")
    await log.answer(query("Example.org", edns=Edns(1232, 0, True, ())), ANSWER)
    (line,) = log.lines
    start = '[INFO] 192.0.2.9:40212 - 1053 "A IN example.org. udp 29 true 1232" NOERROR qr,aa,rd 56 0.'
    assert line.startswith(start)
    assert re.fullmatch(r"0\.\d{1,9}s", line.removeprefix(start[:-2]))


async def test_updates_have_a_line_too(nursery: trio.Nursery, logged: Make) -> None:
    log = logged('log . "{type} {name} {>opcode} {rcode}"')
    served = serving(nursery, log.plugin, Giving(Reply(), opcodes=[Opcode.UPDATE]))
    await served.ask(message(question("example.org", Type.SOA), flags=Opcode.UPDATE << 11))
    assert log.lines == ["[INFO] SOA example.org. 5 NOERROR"]


async def test_the_duration_is_the_chain_s_and_is_told_for_the_first_answer_only(logged: Make) -> None:
    log = logged('log . "{duration}"')

    async def below(query: Query) -> Reply:
        await trio.sleep(0.02)
        return ANSWER

    asked = query()
    reply = await log.plugin.serve(asked, below)
    log.send(asked, reply)
    log.send(asked, reply)
    first, second = (float(line.removeprefix("[INFO] ").removesuffix("s")) for line in log.lines)
    assert 0.02 <= first < 5
    assert second == 0


async def test_a_format_in_a_variable_keeps_its_words() -> None:
    corefile = parse_text(". {\n log . {$FORMAT}\n}\n", environ={"FORMAT": "asked {name} {type}"})
    (log,) = Log.parse(corefile.blocks[0].directives, corefile.blocks[0])
    assert {zone: rule.format.text for zone, rule in log.rules.items()} == {names.ROOT: "asked {name} {type}"}


async def test_a_replay_is_logged_with_what_is_its_own(logged: Make) -> None:
    log = logged('log . "{>id} {remote}:{port} {name} {rcode} {rsize}"')
    reply = await log.answer(query(id_=1), ANSWER)
    log.send(query(id_=2), reply, Someone(Address("198.51.100.7", 7)))
    assert log.lines == [
        "[INFO] 1 192.0.2.9:40212 example.org. NOERROR 56",
        "[INFO] 2 198.51.100.7:7 example.org. NOERROR 56",
    ]


async def test_the_query_stays_replayable(logged: Make) -> None:
    asked = query()
    await logged("log").answer(asked, ANSWER)
    assert not asked.personal


async def test_the_reply_below_is_left_as_it_was(logged: Make) -> None:
    reply = await logged("log").answer(query(), ANSWER)
    assert len(reply.watchers) == 1
    assert ANSWER.watchers == ()


async def test_labels_of_other_plugins_make_the_answer_personal(logged: Make) -> None:
    log = logged('log . "{/forward/upstream} {/absent}"')
    asked = query()

    async def below(query: Query) -> Reply:
        query.metadata["forward/upstream"] = lambda: "192.0.2.1:53"
        return ANSWER

    log.send(asked, await log.plugin.serve(asked, below))
    assert log.lines == ["[INFO] 192.0.2.1:53 -"]
    assert asked.personal


async def test_labels_of_its_own_do_not(logged: Make) -> None:
    log = logged('log . "{/log/type} {/log/class}"')
    asked = query()
    await log.answer(asked, Reply(rcode=Rcode.NXDOMAIN))
    assert log.lines == ["[INFO] NXDOMAIN denial"]
    assert not asked.personal


async def test_a_failure_is_logged_as_the_servfail_it_becomes(logged: Make) -> None:
    log = logged('log . "{rcode} {>rflags} {rsize} {/log/class}"')

    async def below(query: Query) -> Reply:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await log.plugin.serve(query(flags=0x0110), below)
    assert log.lines == ["[INFO] SERVFAIL qr,rd,cd 29 error"]


async def test_a_query_that_took_too_long_is_logged_as_well(
    logged: Make, autojump_clock: trio.testing.MockClock
) -> None:
    log = logged('log . "{name} {rcode}"')

    async def below(query: Query) -> Reply:
        await trio.sleep_forever()
        raise AssertionError

    with trio.move_on_after(10):  # as the server's crew does
        await log.plugin.serve(query(), below)
    assert log.lines == ["[INFO] example.org. SERVFAIL"]


async def test_a_dropped_query_is_logged_without_an_answer(logged: Make) -> None:
    log = logged('log . "{name} {rcode} {>rflags} {rsize} {/log/class}"')
    await log.answer(query(), Reply.drop("acl"))
    assert log.lines == ["[INFO] example.org. - - 0 error"]


async def test_rcodes_over_15_are_told_whole(logged: Make) -> None:
    log = logged('log . "{rcode}"')
    await log.answer(query(), Reply(rcode=Rcode.BADCOOKIE))
    assert log.lines == ["[INFO] BADCOOKIE"]


async def test_questions_from_within_are_not_logged(logged: Make) -> None:
    log = logged("log")
    inner = query().replace(name=names.from_text("alias.example.org"))
    inner.depth = 1
    reply = await log.answer(inner, ANSWER)
    assert log.lines == []
    assert reply.watchers == ()


async def test_without_a_place_to_write_to_queries_pass(logged: Make) -> None:
    log = logged("log")
    log.plugin.house = House()
    assert await log.answer(query(), ANSWER) is ANSWER


@pytest.mark.parametrize(
    ("text", "name", "line"),
    [
        ("log example.org {common}x", "www.example.com", None),
        ('log example.org "{name}"', "www.example.org", "www.example.org."),
        ('log example.org example.net "{name}"', "example.net", "example.net."),
        ('log EXAMPLE.org. "{name}"', "example.org", "example.org."),
        ('log 10.0.0.0/8 "{name}"', "1.0.0.10.in-addr.arpa", "1.0.0.10.in-addr.arpa."),
        ('log "{name}"', "example.org", "example.org."),
        # The longest zone counts, not the first that matches.
        ('log . "root{>id}"\nlog example.org "org{>id}"', "www.example.org", "org1053"),
        ('log . "root{>id}"\nlog example.org "org{>id}"', "example.com", "root1053"),
        # Of two for the same zone the first counts, as in CoreDNS.
        ('log . "first{>id}"\nlog . "second{>id}"', "example.org", "first1053"),
        # A name, as in CoreDNS: a format has braces.
        ("log stdout", "example.org", None),
    ],
)
async def test_names_and_format(logged: Make, text: str, name: str, line: str | None) -> None:
    log = logged(text)
    await log.answer(query(name), ANSWER)
    assert log.lines == ([f"[INFO] {line}"] if line else [])


SUCCESS, DENIAL, ERROR = ANSWER, Reply(rcode=Rcode.NXDOMAIN), Reply(rcode=Rcode.REFUSED)


@pytest.mark.parametrize(
    ("block", "wanted"),
    [
        (" class success", [SUCCESS]),
        (" class denial", [DENIAL]),
        (" class error", [ERROR]),
        (" class denial error", [DENIAL, ERROR]),
        (" class denial\n class success", [SUCCESS, DENIAL]),
        (" class denial all", [SUCCESS, DENIAL, ERROR]),
    ],
)
async def test_classes_choose_the_answers(logged: Make, block: str, wanted: list[Reply]) -> None:
    log = logged(f'log . "{{rcode}}"\n{block}')
    for reply in (SUCCESS, DENIAL, ERROR):
        await log.answer(query(), reply)
    texts = {id(SUCCESS): "NOERROR", id(DENIAL): "NXDOMAIN", id(ERROR): "REFUSED"}
    assert log.lines == [f"[INFO] {texts[id(reply)]}" for reply in wanted]


async def test_a_replay_is_of_the_class_of_the_first_answer(logged: Make) -> None:
    log = logged("log\n class denial")
    asked = query()
    reply = await log.answer(asked, SUCCESS)
    log.send(asked, reply)
    assert log.lines == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("log\n class abracadabra", r"^Corefile:2:2: unknown class 'abracadabra'"),
        ("log\n class", r"^Corefile:2:1: class wants at least 1 argument"),
        ("log\n clas error", r"^Corefile:2:1: .*did you mean 'class'"),
    ],
)
def test_faults_are_told_with_their_place(logged: Make, text: str, message: str) -> None:
    with pytest.raises(CorefileErrorGroup, match=message):
        logged(text)
