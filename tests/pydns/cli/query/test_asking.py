import dnslib
import pytest
import trio
import trio.testing

from pydns.cli.query.asking import NoAnswerError, Outcome, ask
from pydns.cli.query.question import Question
from pydns.names import from_text
from pydns.upstream.testing import Asked, Script, ScriptedServer, good

QUESTION = Question(from_text("www.example.org"))


async def asked(script: Script, nursery: trio.Nursery, *, stream: bool = False, tries: int = 2) -> Outcome:
    server = ScriptedServer(script)
    await nursery.start(server.run)
    return await ask(QUESTION, server.endpoint, stream=stream, patience=3, tries=tries)


async def silent(asked: Asked) -> None:
    """No answer."""


async def truncated_over_udp(asked: Asked) -> None:
    await asked.send(asked.answer(flags=0x8380, records=0) if asked.transport == "udp" else asked.answer(records=60))


@pytest.mark.parametrize(("stream", "transport"), [(False, "udp"), (True, "tcp")])
async def test_an_answer_comes(nursery: trio.Nursery, stream: bool, transport: str) -> None:
    outcome = await asked(good, nursery, stream=stream)
    assert (outcome.transport, len(outcome.answer.sections[0])) == (transport, 1)


async def test_what_was_cut_is_fetched_over_tcp(nursery: trio.Nursery) -> None:
    # RFC 7766 section 5
    outcome = await asked(truncated_over_udp, nursery)
    assert (outcome.transport, len(outcome.answer.sections[0])) == ("tcp", 60)


async def test_a_cut_answer_is_better_than_none(nursery: trio.Nursery, quick_clock: trio.testing.MockClock) -> None:
    async def script(asked: Asked) -> None:
        if asked.transport == "udp":
            await asked.send(asked.answer(flags=0x8380))

    outcome = await asked(script, nursery)
    assert outcome.transport == "udp"
    assert "the answer is cut, and over TCP there is none: " in outcome.remark
    assert "gave no answer over TCP in 3 s" in outcome.remark


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id_": b"\0\0"}, "another id"),
        ({"question": b"\3www\7example\3net\0\0\1\0\1"}, "another question"),
        ({"flags": 0x0100}, "no answer to a query"),
        ({"records": 0, "options": ((10, b""),), "opt": False, "flags": 0x81C0}, ""),
    ],
)
async def test_the_answer_to_the_question_is_awaited(
    nursery: trio.Nursery, change: dict[str, object], reason: str, stream: bool
) -> None:
    # RFC 5452 section 9.1
    async def script(asked: Asked) -> None:
        if reason:
            await asked.send(asked.answer("203.0.113.66", **change))  # type: ignore[arg-type]  # as answer() takes them
        await asked.send(asked.answer())

    outcome = await asked(script, nursery, stream=stream)
    assert outcome.answer.sections[0][0].rdata == b"\xc0\0\2\1"
    assert outcome.ignored.reason == reason


async def test_a_datagram_of_another_sender_is_not_seen(nursery: trio.Nursery) -> None:
    async def script(asked: Asked) -> None:
        with trio.socket.socket(type=trio.socket.SOCK_DGRAM) as other:
            await other.bind(("127.0.0.1", 0))
            await other.sendto(asked.answer("203.0.113.66"), ("127.0.0.1", asked.port))
        await asked.send(asked.answer())

    outcome = await asked(script, nursery)
    assert (outcome.answer.sections[0][0].rdata, outcome.ignored.count) == (b"\xc0\0\2\1", 0)


async def test_over_udp_it_is_asked_again(nursery: trio.Nursery, quick_clock: trio.testing.MockClock) -> None:
    ids = []

    async def script(asked: Asked) -> None:
        ids.append(asked.id)
        if len(ids) == 3:
            await asked.send(asked.answer())

    outcome = await asked(script, nursery, tries=3)
    assert len(set(ids)) == 1
    assert 6 <= outcome.seconds < 7


@pytest.mark.parametrize(
    ("stream", "tries", "message"),
    [
        (False, 1, "gave no answer over UDP in 3 s$"),
        (False, 2, "gave no answer over UDP in 3 s each of 2 times$"),
        (True, 2, "gave no answer over TCP in 3 s$"),
    ],
)
async def test_silence_ends(
    nursery: trio.Nursery, quick_clock: trio.testing.MockClock, stream: bool, tries: int, message: str
) -> None:
    with pytest.raises(NoAnswerError, match=message):
        await asked(silent, nursery, stream=stream, tries=tries)


async def test_junk_is_told_with_the_silence(nursery: trio.Nursery, quick_clock: trio.testing.MockClock) -> None:
    async def script(asked: Asked) -> None:
        await asked.send(asked.answer()[:-1])

    with pytest.raises(NoAnswerError, match=r"; a message was ignored, at last for this: a record is cut$"):
        await asked(script, nursery, tries=1)


async def test_a_closed_connection_is_told(nursery: trio.Nursery) -> None:
    async def script(asked: Asked) -> None:
        await asked.send(b"x" * 12)

    server = ScriptedServer(script)
    server.hang_up = True
    await nursery.start(server.run)
    with pytest.raises(NoAnswerError, match="closed the connection without an answer; a message was ignored"):
        await ask(QUESTION, server.endpoint, stream=True, patience=3, tries=1)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_closed_port_is_told(stream: bool) -> None:
    server = ScriptedServer()
    with trio.CancelScope() as scope:
        scope.cancel()
        await server.run()
    with pytest.raises(NoAnswerError, match="cannot be asked: Connection refused"):
        await ask(QUESTION, server.endpoint, stream=stream, patience=3, tries=2)


async def test_each_question_has_its_own_id_and_port(nursery: trio.Nursery) -> None:
    # RFC 5452 section 9.2
    server = ScriptedServer()
    await nursery.start(server.run)
    for _ in range(8):
        await ask(QUESTION, server.endpoint, stream=False, patience=3, tries=1)
    assert len({(query.id, query.port) for query in server.asked}) == 8
    assert dnslib.DNSRecord.parse(server.asked[0].wire).header.rd == 1
