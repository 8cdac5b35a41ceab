import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.cli.query.answer import Opt, read_answer
from pydns.cli.query.question import Question
from pydns.errors import WireError
from pydns.names import from_text
from pydns.records import Record, Type
from pydns.wire.edns import opt_record

NAME = from_text("www.example.org")
QUESTION = Question(NAME)
ID = b"\x12\x34"
ASKED = NAME + b"\0\1\0\1"
RECORD = b"\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\xc0\0\2\1"


def message(
    *, id_: bytes = ID, flags: bytes = b"\x81\x80", counts: str = "1 1 0 0", asked: bytes = ASKED, rest: bytes = RECORD
) -> bytes:
    return id_ + flags + b"".join(int(count).to_bytes(2) for count in counts.split()) + asked + rest


def test_records_are_read() -> None:
    answer = read_answer(message(), ID, QUESTION)
    assert answer.sections == ((Record(NAME, Type.A, 1, 300, b"\xc0\0\2\1"),), (), ())


def test_letters_of_the_question_may_differ_in_case() -> None:
    # RFC 4343
    assert read_answer(message(asked=b"\3wWw" + ASKED[4:]), ID, QUESTION).rcode == 0


def test_an_opt_record_brings_the_upper_bits_of_the_rcode() -> None:
    opt = opt_record(1400, 16, True, [(15, b"\0\0")])
    answer = read_answer(message(counts="1 0 0 1", rest=opt), ID, QUESTION)
    assert (answer.rcode, answer.opt) == (16, Opt(1400, 0, True, ((15, b"\0\0"),)))


def test_broken_options_leave_the_answer() -> None:
    opt = b"\0\0\x29\4\xd0\0\0\0\0\0\3\0\x0f\0"
    answer = read_answer(message(counts="1 0 0 1", rest=opt), ID, QUESTION)
    assert answer.opt == Opt(1232, 0, False, None)


def test_a_bare_header_with_an_error_is_taken() -> None:
    answer = read_answer(message(flags=b"\x81\x81", counts="0 0 0 0", asked=b"", rest=b""), ID, QUESTION)
    assert (answer.rcode, answer.has_question) == (1, False)


def test_a_cut_record_is_forgiven_where_the_message_is_truncated() -> None:
    answer = read_answer(message(flags=b"\x83\x80", rest=RECORD[:-2]), ID, QUESTION)
    assert (answer.truncated, answer.sections) == (True, ((), (), ()))


@pytest.mark.parametrize(
    ("wire", "reason"),
    [
        (b"\x12\x34", "shorter than a header"),
        (message(id_=b"\x12\x35"), "another id"),
        (message(flags=b"\x01\0"), "no answer to a query"),
        (message(flags=b"\xa9\x80"), "no answer to a query"),
        (message(asked=from_text("www.example.net") + b"\0\1\0\1"), "another question"),
        (message(asked=NAME + b"\0\x1c\0\1"), "another question"),
        (message(asked=NAME + b"\0\1\0\3"), "another question"),
        (message(counts="2 1 0 0"), "another question"),
        (message(counts="0 0 0 0", asked=b"", rest=b""), "a name runs out of the message"),
        (message(rest=RECORD[:-2]), "rdata runs out of the message"),
        (message(rest=RECORD + b"\0"), "octets behind the last record"),
    ],
)
def test_what_is_no_answer_to_the_question_is_refused(wire: bytes, reason: str) -> None:
    # RFC 5452 section 9.1
    with pytest.raises(WireError, match=reason):
        read_answer(wire, ID, QUESTION)


@given(st.binary(max_size=80), st.sampled_from((b"", message()[:12], message()[:33], message())))
def test_any_octets_are_read_or_refused(octets: bytes, head: bytes) -> None:
    try:
        answer = read_answer(head + octets, ID, QUESTION)
    except WireError:
        return
    assert answer.flag_names[0] == "qr"
