import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pydns.errors import WireError
from pydns.listen.framing import LONGEST, SHORTEST, MessageReader, framed

MESSAGES = st.lists(st.binary(min_size=SHORTEST, max_size=40), max_size=8)


def read(pieces: list[bytes], most: int = 1000) -> tuple[list[bytes], bool]:
    """The messages in these pieces of a stream, and whether it broke behind them."""
    reader = MessageReader()
    found: list[bytes] = []
    try:
        for piece in pieces:
            found += reader.feed(piece, most)
            while reader.held:
                found += reader.feed(b"", most)
    except WireError:
        return found, True
    return found, False


def octets(stream: bytes) -> list[bytes]:
    return [stream[i : i + 1] for i in range(len(stream))]


@given(MESSAGES)
def test_messages_in_one_segment_are_told_apart(messages: list[bytes]) -> None:
    assert read([b"".join(map(framed, messages))]) == (messages, False)


@given(MESSAGES)
def test_a_message_may_come_octet_by_octet(messages: list[bytes]) -> None:
    assert read(octets(b"".join(map(framed, messages)))) == (messages, False)


@given(st.binary(max_size=300), st.integers(1, 20), st.integers(1, 5))
@example(framed(bytes(12)) + b"\0\0", 20, 5)
def test_how_a_stream_is_cut_means_nothing(stream: bytes, size: int, most: int) -> None:
    # RFC 7766 section 8
    pieces = [stream[i : i + size] for i in range(0, len(stream), size)]
    assert read(pieces, most) == read([stream])


@pytest.mark.parametrize("length", [*range(SHORTEST)])
def test_a_length_that_no_message_has_is_an_error(length: int) -> None:
    with pytest.raises(WireError, match=f"a length of {length} octets"):
        MessageReader().feed(length.to_bytes(2) + bytes(length))


def test_what_stood_before_a_bad_length_is_given_first() -> None:
    reader = MessageReader()
    assert reader.feed(framed(bytes(12)) + b"\0\1x") == [bytes(12)]
    assert reader.held
    with pytest.raises(WireError):
        reader.feed(b"")


def test_the_longest_message_passes() -> None:
    message = bytes(LONGEST)
    assert read([framed(message)]) == ([message], False)


def test_a_longer_one_cannot_be() -> None:
    with pytest.raises(OverflowError):
        framed(bytes(LONGEST + 1))


def test_no_more_come_than_were_wanted() -> None:
    reader = MessageReader()
    messages = [bytes((i,)) * 12 for i in range(5)]
    assert reader.feed(b"".join(map(framed, messages)), 2) == messages[:2]
    assert reader.feed(b"", 2) == messages[2:4]
    assert reader.feed(b"", 2) == messages[4:]


@pytest.mark.parametrize(
    ("octets_", "held"),
    [
        (b"", False),
        (b"\0", False),
        (b"\0\x0c", False),
        (framed(bytes(12))[:-1], False),
        (framed(bytes(12)), True),
        (b"\0\0", True),
    ],
)
def test_held_is_what_the_next_call_would_tell(octets_: bytes, held: bool) -> None:
    reader = MessageReader()
    reader.feed(octets_, 0)
    assert reader.held is held


def test_nothing_is_kept_of_what_was_given() -> None:
    reader = MessageReader()
    reader.feed(framed(bytes(100)) + b"\0")
    assert reader.rest == b"\0"
