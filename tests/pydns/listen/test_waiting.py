from pydns.listen.waiting import Waiting


def test_nobody_is_overdue_before_the_time_is_over() -> None:
    waiting: Waiting[str] = Waiting(10)
    waiting.begin("a", 100)
    assert waiting.overdue(109.9) == []


def test_whoever_waited_so_long_is_overdue() -> None:
    waiting: Waiting[str] = Waiting(10)
    for i, who in enumerate("abc"):
        waiting.begin(who, 100 + i)
    assert waiting.overdue(111) == ["a", "b"]


def test_who_begins_once_more_stands_behind() -> None:
    waiting: Waiting[str] = Waiting(10)
    for i, who in enumerate("aba"):
        waiting.begin(who, 100 + i)
    assert list(waiting) == ["b", "a"]


def test_who_has_ended_does_not_wait() -> None:
    waiting: Waiting[str] = Waiting(10)
    waiting.begin("a", 100)
    waiting.end("a")
    assert not waiting


def test_to_end_what_never_began_is_nothing() -> None:
    Waiting[str](10).end("a")
