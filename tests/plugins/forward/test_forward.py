import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import trio
import trio.testing

from pydns.names import from_text
from pydns.plugin import House
from pydns.query import Edns
from pydns.reply import Reply
from pydns.upstream.testing import Asked, Script, good
from tests.plugins.forward.helpers import ask_for, holds, parse, running, says, serving, silent

ECS = (8, b"\x00\x01\x18\x00\xc0\x00\x02")


async def test_an_answer_is_passed_on_without_its_opt(nursery: trio.Nursery) -> None:
    # RFC 6891 section 6.1.1
    (server,) = await serving(nursery, says("192.0.2.1", flags=0x85A0))
    async with running(*parse(f"forward . {server.endpoint}")) as ask:
        query = ask_for("WwW.Example.org", edns=Edns(1232, 0, True, ()))
        reply = await ask(query)
    assert reply.wire is not None
    assert reply.wire[4:12] == b"\0\1\0\1\0\0\0\0"
    assert reply.wire[12 : query.question_end] == query.wire[12:]
    assert holds(reply, "192.0.2.1")
    assert reply.flags == Reply.AA | Reply.RA | Reply.AD
    assert (reply.rcode, reply.by) == (0, "forward")
    assert reply.why.startswith(f"{server.endpoint} udp ")


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("www.example.org", True),
        ("example.org", True),
        ("example.net", False),
        ("xexample.org", False),
        ("internal.example.org", False),
        ("a.internal.example.org", False),
        ("notinternal.example.org", True),
    ],
)
def test_from_and_except_choose_the_names(name: str, taken: bool) -> None:
    (forward,) = parse("forward example.org 192.0.2.1\nexcept internal.example.org")
    assert forward.takes(from_text(name)) is taken


def test_from_itself_is_never_excepted() -> None:
    (forward,) = parse("forward example.org 192.0.2.1\nexcept example.org")
    assert forward.takes(from_text("example.org"))
    assert not forward.takes(from_text("www.example.org"))


async def test_other_names_pass_on(nursery: trio.Nursery) -> None:
    async with running(*parse("forward example.org 127.0.0.1:9")) as ask:
        assert (await ask(ask_for("example.net"))).by == "end"


async def test_over_max_concurrent_is_refused(nursery: trio.Nursery) -> None:
    house, go = House(), trio.Event()

    async def held(asked: Asked) -> None:
        await go.wait()
        await good(asked)

    (server,) = await serving(nursery, held)
    replies: list[Reply] = []
    async with running(*parse(f"forward . {server.endpoint}\nmax_concurrent 1"), house=house) as ask:

        async def one() -> None:
            replies.append(await ask(ask_for()))

        async with trio.open_nursery() as inner:
            inner.start_soon(one)
            await trio.testing.wait_all_tasks_blocked()
            refused = await ask(ask_for())
            go.set()
        assert (await ask(ask_for())).rcode == 0
    assert refused.rcode == 5
    assert refused.errors == ((0, "1 queries are forwarded already"),)
    assert replies[0].rcode == 0
    assert house.metrics.counter("coredns_forward_max_concurrent_rejects_total", "").value() == 1


async def test_nothing_is_asked_where_too_many_queries_wait_already(nursery: trio.Nursery) -> None:
    (server,) = await serving(nursery, good)
    async with running(*parse(f"forward . {server.endpoint}"), house=House(crowded=lambda: True)) as ask:
        reply = await ask(ask_for())
    assert (reply.dropped, reply.by) == (True, "overload")
    assert not server.asked


NEXT = [
    pytest.param(("next NXDOMAIN",), says(rcode=3), "192.0.2.2", id="its rcode leads on"),
    pytest.param(("next NXDOMAIN",), says(rcode=2), "SERVFAIL", id="another does not"),
    pytest.param(("next_on_nodata",), says(records=0), "192.0.2.2", id="no data leads on"),
    pytest.param(("next_on_nodata",), says(), "192.0.2.1", id="data does not"),
    pytest.param(("next NXDOMAIN",), says(records=0), "NODATA", id="no data needs its own option"),
]


@pytest.mark.parametrize(("options", "script", "wanted"), NEXT)
async def test_next_leads_to_the_next_forward(
    options: tuple[str, ...], script: Script, wanted: str, nursery: trio.Nursery
) -> None:
    one, two = await serving(nursery, script, says("192.0.2.2"))
    first = "\n".join((f"forward . {one.endpoint}", *options))
    async with running(*parse(first, f"forward . {two.endpoint}")) as ask:
        reply = await ask(ask_for())
    assert bool(two.asked) is (wanted == "192.0.2.2")
    if wanted[0] == "1":
        assert holds(reply, wanted)


@pytest.mark.parametrize("others", [(), ("forward example.net 127.0.0.1:9",)])
async def test_next_leads_to_nothing_but_a_forward_that_takes_the_name(
    others: tuple[str, ...], nursery: trio.Nursery
) -> None:
    (server,) = await serving(nursery, says(rcode=3))
    async with running(*parse(f"forward . {server.endpoint}\nnext NXDOMAIN", *others)) as ask:
        reply = await ask(ask_for())
    assert (reply.rcode, reply.by) == (3, "forward")


async def test_next_passes_over_a_forward_that_does_not_take_the_name(nursery: trio.Nursery) -> None:
    one, two = await serving(nursery, says(rcode=3), says("192.0.2.2"))
    texts = (f"forward . {one.endpoint}\nnext NXDOMAIN", "forward example.net 127.0.0.1:9", f"forward . {two.endpoint}")
    async with running(*parse(*texts)) as ask:
        assert holds(await ask(ask_for()), "192.0.2.2")


async def test_next_is_not_for_failures_of_ours(nursery: trio.Nursery, quick_clock: trio.testing.MockClock) -> None:
    one, two = await serving(nursery, silent, good)
    async with running(*parse(f"forward . {one.endpoint}\nnext SERVFAIL", f"forward . {two.endpoint}")) as ask:
        assert (await ask(ask_for())).rcode == 2
    assert two.asked == []


async def test_several_forwards_are_asked_in_their_order(nursery: trio.Nursery) -> None:
    one, two = await serving(nursery, says("192.0.2.1"), says("192.0.2.2"))
    async with running(*parse(f"forward lab.example.org {one.endpoint}", f"forward . {two.endpoint}")) as ask:
        assert holds(await ask(ask_for("a.lab.example.org")), "192.0.2.1")
        assert holds(await ask(ask_for("example.org")), "192.0.2.2")


BADCOOKIE = says(rcode=23)


async def test_an_extended_rcode_goes_to_a_client_with_edns(nursery: trio.Nursery) -> None:
    (server,) = await serving(nursery, BADCOOKIE)
    async with running(*parse(f"forward . {server.endpoint}")) as ask:
        assert (await ask(ask_for(edns=Edns(1232, 0, False, ())))).rcode == 23


async def test_an_extended_rcode_is_servfail_for_a_client_without_edns(nursery: trio.Nursery) -> None:
    (server,) = await serving(nursery, BADCOOKIE)
    async with running(*parse(f"forward . {server.endpoint}")) as ask:
        reply = await ask(ask_for())
    assert (reply.rcode, reply.wire) == (2, None)


async def test_extended_errors_of_the_upstream_go_on(nursery: trio.Nursery) -> None:
    # RFC 8914 section 3
    (server,) = await serving(
        nursery, says(rcode=2, options=((15, b"\0\x09no DS\0"), (15, b"\0"), (15, b"\0\x06\xff")))
    )
    async with running(*parse(f"forward . {server.endpoint}")) as ask:
        reply = await ask(ask_for())
    assert reply.errors == ((9, "no DS"), (6, "\ufffd"))


@pytest.mark.parametrize(("sent", "received"), [((ECS,), (ECS,)), ((), ())])
async def test_ecs_goes_to_clients_that_sent_one(
    sent: tuple[tuple[int, bytes], ...], received: tuple[tuple[int, bytes], ...], nursery: trio.Nursery
) -> None:
    # RFC 7871 section 7.2.2
    (server,) = await serving(nursery, says(options=(ECS, (10, bytes(16)))))
    async with running(*parse(f"forward . {server.endpoint}")) as ask:
        reply = await ask(ask_for(edns=Edns(1232, 0, False, sent)))
    assert reply.options == received
    assert not reply.replay


@pytest.mark.parametrize("type_", [251, 252])
async def test_a_zone_transfer_is_not_forwarded(type_: int, nursery: trio.Nursery) -> None:
    (server,) = await serving(nursery, good)
    async with running(*parse(f"forward . {server.endpoint}")) as ask:
        assert (await ask(ask_for(type_=type_, transport="tcp"))).rcode == 4
    assert server.asked == []


async def until(condition: Callable[[], bool]) -> None:
    """Files are followed by threads and the kernel; there is no event of ours to wait for."""
    with trio.fail_after(10):
        while not condition():  # noqa: ASYNC110 -- see above
            await trio.sleep(0.01)


class TestResolvConf:
    async def test_its_name_servers_are_asked_and_followed(self, nursery: trio.Nursery, tmp_path: Path) -> None:
        file, house = tmp_path / "resolv.conf", House()
        file.write_text("nameserver 127.0.0.1\n")
        (forward,) = parse("forward example.org resolv.conf", root=tmp_path)
        async with running(forward, house=house):
            assert [str(upstream.endpoint) for upstream in forward.pool.upstreams] == ["127.0.0.1:53"]
            kept, epoch = forward.pool.upstreams[0], house.changes.epoch
            file.write_text("nameserver 127.0.0.2\nnameserver 127.0.0.1\n")
            await until(lambda: len(forward.pool.upstreams) == 2)
            assert forward.pool.upstreams[1] is kept
            assert house.changes.touched_since(epoch, [from_text("www.example.org")])
            assert not house.changes.touched_since(epoch, [from_text("example.net")])

    @pytest.mark.parametrize("text", ["", "# nothing\n", "nameserver\n"])
    async def test_a_file_that_says_nothing_leaves_the_last_ones(
        self, text: str, nursery: trio.Nursery, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.WARNING, "pydns.forward")
        file = tmp_path / "resolv.conf"
        file.write_text("nameserver 127.0.0.1\n")
        (forward,) = parse(f"forward . {file}")
        async with running(forward):
            file.write_text(text)
            await until(lambda: f"{file}: no nameserver line; its last name servers stay" in caplog.messages)
            assert len(forward.pool.upstreams) == 1

    async def test_a_file_that_goes_leaves_the_last_ones(
        self, nursery: trio.Nursery, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.WARNING, "pydns.forward")
        file = tmp_path / "resolv.conf"
        file.write_text("nameserver 127.0.0.1\n")
        (forward,) = parse(f"forward . {file}")
        async with running(forward):
            file.unlink()
            await until(lambda: bool(caplog.messages))
            assert caplog.messages == [f"{file}: No such file or directory; its last name servers stay"]
            assert len(forward.pool.upstreams) == 1

    async def test_without_any_it_is_not_ready_and_says_why(
        self, nursery: trio.Nursery, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        file = tmp_path / "resolv.conf"
        (forward,) = parse(f"forward . {file}")
        async with running(forward) as ask:
            reply = await ask(ask_for())
            assert (reply.rcode, reply.errors) == (2, ((22, f"no name server in {file}"),))
            assert not forward.ready()
            assert caplog.messages == [f"{file}: No such file or directory; there are none from it"]
            file.write_text("nameserver 127.0.0.1\n")
            await until(forward.ready)

    async def test_addresses_and_files_stand_in_their_order(self, nursery: trio.Nursery, tmp_path: Path) -> None:
        file = tmp_path / "resolv.conf"
        file.write_text("nameserver 127.0.0.2\nnameserver 127.0.0.1\n")
        (forward,) = parse(f"forward . 127.0.0.1 {file} 127.0.0.3")
        async with running(forward):
            hosts = [upstream.endpoint.host for upstream in forward.pool.upstreams]
        assert hosts == ["127.0.0.1", "127.0.0.2", "127.0.0.3"]

    async def test_no_more_than_15_are_asked(
        self, nursery: trio.Nursery, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        file = tmp_path / "resolv.conf"
        file.write_text("".join(f"nameserver 127.0.0.{i}\n" for i in range(1, 20)))
        (forward,) = parse(f"forward . {file}")
        async with running(forward):
            assert len(forward.pool.upstreams) == 15
        assert caplog.messages[0] == f"19 upstreams with those of {file}; the first 15 are asked"


async def test_a_reload_keeps_the_sockets(nursery: trio.Nursery) -> None:
    (server,) = await serving(nursery, good)
    text, house = f"forward . {server.endpoint}", House()
    (old,), (new,) = parse(text), parse(text)
    async with running(old, house=house) as ask:
        await ask(ask_for(transport="tcp"))
        new.inherit(old)
        new.house = house
        await nursery.start(new.run)
    reply = await new.serve(ask_for(transport="tcp"), ask)  # type: ignore[arg-type]  # never called
    assert reply.rcode == 0
    assert server.connections == 1


def test_each_directive_is_an_instance_that_knows_who_follows() -> None:
    one, two, three = parse("forward a 192.0.2.1", "forward b 192.0.2.1", "forward . 192.0.2.1")
    assert [one.followers, two.followers, three.followers] == [(two, three), (three,), ()]
