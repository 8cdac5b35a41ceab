from __future__ import annotations

import os
import pickle
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as some

from pydns.workers.channel import Channel, ChannelClosed, Descriptor, Letter

plain = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text() | some.binary(),
    lambda inner: some.lists(inner) | some.tuples(inner, inner) | some.dictionaries(some.text(), inner),
)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    pair = socket.socketpair()
    yield pair
    for sock in pair:
        sock.close()


@given(some.lists(plain, max_size=5))
def test_what_goes_in_comes_out_in_its_order(messages: list[Any]) -> None:
    async def pass_on() -> list[Any]:
        ours, theirs = map(Channel, socket.socketpair())
        for message in messages:
            await ours.send(Letter(message))
        found = [await theirs.receive() for _ in messages]
        ours.close()
        theirs.close()
        return found

    assert trio.run(pass_on) == messages


async def test_a_message_larger_than_the_kernel_s_buffer(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = map(Channel, ends)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ours.send, Letter(bytes(5_000_000)))
        with trio.fail_after(10):
            assert await theirs.receive() == bytes(5_000_000)


async def test_descriptors_arrive_with_their_message(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = map(Channel, ends)
    read, write = os.pipe()
    await ours.send(Letter("none"))
    await ours.send(Letter({"pipe": [Descriptor(read), "between", Descriptor(write)]}))
    await ours.send(Letter("none"))
    os.close(read)
    os.close(write)
    assert await theirs.receive() == "none"
    first, _, second = (await theirs.receive())["pipe"]
    os.write(second.number, b"through")
    assert os.read(first.number, 10) == b"through"
    assert not os.get_inheritable(first.number)
    os.close(first.number)
    os.close(second.number)
    assert await theirs.receive() == "none"


async def test_a_letter_outlives_its_descriptors(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = map(Channel, ends)
    descriptor = os.memfd_create("test")
    os.write(descriptor, b"kept")
    letter = Letter(Descriptor(descriptor))
    os.close(descriptor)
    await ours.send(letter)
    found = await theirs.receive()
    assert os.pread(found.number, 10, 0) == b"kept"
    os.close(found.number)


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_a_letter_that_cannot_be_written_keeps_no_descriptor() -> None:
    before = open_descriptors()
    with open(os.devnull) as file, pytest.raises((pickle.PicklingError, AttributeError)):
        Letter([Descriptor(file.fileno()), lambda: None])
    assert open_descriptors() == before


def test_more_descriptors_than_the_kernel_passes_are_refused() -> None:
    before = open_descriptors()
    with open(os.devnull) as file, pytest.raises(ValueError, match="254 descriptors in a message"):
        Letter([Descriptor(file.fileno()) for _ in range(254)])
    assert open_descriptors() == before


@pytest.mark.parametrize("begun", [b"", b"\0\0", b"\0\0\0\x10\0half"])
async def test_an_end_is_told(begun: bytes, ends: tuple[socket.socket, socket.socket]) -> None:
    theirs = Channel(ends[1])
    ends[0].send(begun)
    ends[0].close()
    with pytest.raises(ChannelClosed):
        await theirs.receive()


async def test_nobody_can_be_told_who_is_gone(ends: tuple[socket.socket, socket.socket]) -> None:
    ours = Channel(ends[0])
    ends[1].close()
    before = open_descriptors()
    with open(os.devnull) as file:  # noqa: ASYNC230 -- it does not block
        letter = Letter(Descriptor(file.fileno()))
    with pytest.raises(ChannelClosed):
        await ours.send(letter)
    assert open_descriptors() == before
