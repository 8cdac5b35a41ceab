"""Asks one server one question: over UDP, then over TCP where the answer was cut."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import trio

from pydns.cli.query.answer import Answer, read_answer
from pydns.errors import PydnsError, WireError
from pydns.listen.framing import MessageReader, framed

if TYPE_CHECKING:
    from pydns.cli.query.question import Question
    from pydns.upstream.endpoint import Endpoint

_LARGEST: Final = 65535  # octets of one datagram, and of one piece of a stream


class NoAnswerError(PydnsError):
    """No answer came; the text says why."""


@dataclass(slots=True)
class Ignored:
    """Messages that were no answer to the question, and what was wrong with the last."""

    count: int = 0
    reason: str = ""

    def add(self, error: WireError) -> None:
        self.count += 1
        self.reason = error.reason

    def told(self) -> str:
        """The end of a sentence; empty where nothing was ignored."""
        if not self.count:
            return ""
        messages = "a message was" if self.count == 1 else f"{self.count} messages were"
        return f"; {messages} ignored, at last for this: {self.reason}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer, and how it came. `seconds` count from the first message sent over this transport.

    `remark`: what people should know besides; empty for nothing.
    """

    answer: Answer
    transport: str
    seconds: float
    ignored: Ignored
    remark: str = ""


async def ask(question: Question, server: Endpoint, *, stream: bool, patience: float, tries: int) -> Outcome:
    """The answer. Each of `tries` over UDP has `patience` seconds, and so has TCP. Raises NoAnswerError."""
    if stream:
        return await _ask_tcp(question, server, patience)
    outcome = await _ask_udp(question, server, patience, tries)
    if not outcome.answer.truncated:
        return outcome
    try:
        return await _ask_tcp(question, server, patience)  # RFC 7766 section 5
    except NoAnswerError as error:
        return replace(outcome, remark=f"the answer is cut, and over TCP there is none: {error}")


async def _ask_udp(question: Question, server: Endpoint, patience: float, tries: int) -> Outcome:
    """The same message is sent again after each timeout, so that an answer to the first one still counts."""
    ignored = Ignored()
    id_ = os.urandom(2)
    with _told(server):
        family, address = server.resolved(socket.SOCK_DGRAM)
        with trio.socket.socket(family, socket.SOCK_DGRAM) as sock:
            # A connected socket takes nothing from others, and the kernel gives it a random port.
            await sock.connect(address)
            began = trio.current_time()
            for _ in range(tries):
                await sock.send(question.message(id_))
                with trio.move_on_after(patience):
                    while True:
                        try:
                            answer = read_answer(await sock.recv(_LARGEST), id_, question)
                        except WireError as error:
                            ignored.add(error)
                        else:
                            return Outcome(answer, "udp", trio.current_time() - began, ignored)
    times = f" each of {tries} times" if tries > 1 else ""
    raise NoAnswerError(f"{server} gave no answer over UDP in {patience:g} s{times}{ignored.told()}")


async def _ask_tcp(question: Question, server: Endpoint, patience: float) -> Outcome:
    ignored = Ignored()
    id_ = os.urandom(2)
    reader = MessageReader()
    with trio.move_on_after(patience) as scope, _told(server):
        family, address = server.resolved(socket.SOCK_STREAM)
        with trio.socket.socket(family, socket.SOCK_STREAM) as sock:
            began = trio.current_time()
            await sock.connect(address)
            await trio.SocketStream(sock).send_all(framed(question.message(id_)))
            while octets := await sock.recv(_LARGEST):
                for wire in _messages(reader, octets, ignored):
                    try:
                        answer = read_answer(wire, id_, question)
                    except WireError as error:
                        ignored.add(error)
                    else:
                        return Outcome(answer, "tcp", trio.current_time() - began, ignored)
    if scope.cancelled_caught:
        raise NoAnswerError(f"{server} gave no answer over TCP in {patience:g} s{ignored.told()}")
    raise NoAnswerError(f"{server} closed the connection without an answer{ignored.told()}")


def _messages(reader: MessageReader, octets: bytes, ignored: Ignored) -> list[bytes]:
    try:
        return reader.feed(octets)
    except WireError as error:
        ignored.add(error)
        return []


@contextmanager
def _told(server: Endpoint) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        # trio puts the address into the text of some; the number tells what it was.
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
        raise NoAnswerError(f"{server} cannot be asked: {reason}") from None
