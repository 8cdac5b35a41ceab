import pytest

from pydns.errors import WireError
from pydns.records import Ede, Rcode
from pydns.reply import Reply
from pydns.wire.message import pack
from tests.pydns.wire.messages import a, question, soa


def test_a_reply_is_empty_at_first() -> None:
    reply = Reply()
    assert (reply.answer, reply.authority, reply.additional, reply.rcode, reply.flags) == ((), (), (), 0, 0)


def test_a_plain_reply_may_be_sent_and_replayed() -> None:
    assert (Reply().dropped, Reply().replay) == (False, True)


def test_a_dropped_reply_is_never_replayed() -> None:
    reply = Reply.drop("acl")
    assert (reply.dropped, reply.replay, reply.by) == (True, False, "acl")


def test_a_failure_is_servfail_with_its_reason() -> None:
    reply = Reply.failure(Ede.NOT_READY, "not yet", by="hosts")
    assert (reply.rcode, reply.errors, reply.by) == (Rcode.SERVFAIL, ((14, "not yet"),), "hosts")


def test_a_failure_may_have_another_rcode() -> None:
    assert Reply.failure(Ede.PROHIBITED, "no", rcode=Rcode.REFUSED).rcode == Rcode.REFUSED


def test_a_failure_is_never_replayed() -> None:
    assert Reply.failure(Ede.OTHER, "x").replay is False


def test_a_copy_differs_in_what_was_named_only() -> None:
    reply = Reply((a(),), by="hosts", flags=Reply.AA)
    copy = reply.replace(rcode=3, lifetime=5.0)
    assert (copy.answer, copy.by, copy.flags, copy.rcode, copy.lifetime) == ((a(),), "hosts", Reply.AA, 3, 5.0)


def test_a_copy_leaves_the_reply_as_it_was() -> None:
    reply = Reply((a(),))
    reply.replace(answer=())
    assert reply.answer == (a(),)


def test_an_attribute_that_no_reply_has_is_refused() -> None:
    with pytest.raises(TypeError, match="answers"):
        Reply().replace(answers=())


def test_records_are_opened_already() -> None:
    reply = Reply((a(),))
    assert reply.opened() is reply


def test_the_bytes_of_a_message_are_opened_into_records() -> None:
    wire = pack(question(), Reply((a(),), (soa(),), (a("x"),)))
    opened = Reply(wire=wire, rcode=3, by="forward").opened()
    assert (opened.answer, opened.authority, opened.additional) == ((a(),), (soa(),), (a("x"),))
    assert (opened.wire, opened.rcode, opened.by) == (None, 3, "forward")


@pytest.mark.parametrize("wire", [b"", bytes(12), pack(question(), Reply((a(),)))[:-1]])
def test_bytes_that_are_no_message_are_a_wire_error(wire: bytes) -> None:
    reply = Reply(wire=wire)
    with pytest.raises(WireError):
        reply.opened()


def test_a_copy_has_everything() -> None:
    reply = Reply((1,), (2,), (3,), rcode=3, flags=4, by="x", why="y", wire=b"z", errors=((1, "e"),), replay=False)  # type: ignore[arg-type] # any values do
    reply.options, reply.ages, reply.lifetime, reply.size, reply.dropped = ((1, b""),), True, 2.0, 512, True
    reply.finish, reply.watchers, reply.counters = (lambda q, w: w,), (print,), (print,)  # type: ignore[assignment] # as above
    copy = reply.replace()
    assert [getattr(copy, slot) for slot in Reply.__slots__] == [getattr(reply, slot) for slot in Reply.__slots__]


@pytest.mark.parametrize(
    ("name", "value"), [("counters", (lambda query, client, answer: lambda count: None,)), ("size", 512)]
)
def test_a_copy_keeps_what_is_counted_and_how_long_it_may_be(name: str, value: object) -> None:
    reply = Reply().replace(**{name: value})
    assert getattr(reply.replace(rcode=3), name) is value


def test_without_a_word_the_size_is_the_house_s_and_nobody_counts() -> None:
    assert (Reply().size, Reply().counters) == (None, ())
