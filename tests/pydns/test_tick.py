import trio
import trio.testing

from pydns.tick import TickEnd


async def settle() -> None:
    for _ in range(5):
        await trio.lowlevel.checkpoint()


async def test_it_acts_once_however_often_it_is_armed(nursery: trio.Nursery) -> None:
    acts: list[str] = []
    tick = TickEnd(lambda: acts.append("act"))
    await nursery.start(tick.run)
    for _ in range(3):
        tick.arm()
    await settle()
    assert acts == ["act"]


async def test_it_acts_again_in_a_later_tick(nursery: trio.Nursery) -> None:
    acts: list[str] = []
    tick = TickEnd(lambda: acts.append("act"))
    await nursery.start(tick.run)
    for _ in range(3):
        tick.arm()
        await settle()
    assert len(acts) == 3


async def test_it_does_nothing_unarmed(nursery: trio.Nursery) -> None:
    acts: list[str] = []
    await nursery.start(TickEnd(lambda: acts.append("act")).run)
    await settle()
    assert acts == []


async def test_it_acts_behind_all_tasks_that_are_ready_now(nursery: trio.Nursery) -> None:
    order: list[str] = []
    tick = TickEnd(lambda: order.append("act"))
    await nursery.start(tick.run)

    async def answer(*, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        await event.wait()
        order.append("answer")
        tick.arm()

    event = trio.Event()
    for _ in range(20):
        await nursery.start(answer)
    event.set()
    await settle()
    assert order == ["answer"] * 20 + ["act"]


async def test_nobody_is_woken_where_it_does_not_run() -> None:
    acts: list[str] = []
    tick = TickEnd(lambda: acts.append("act"))
    tick.arm()
    await settle()
    assert acts == []


async def test_it_may_be_armed_after_it_was_cancelled() -> None:
    acts: list[str] = []
    tick = TickEnd(lambda: acts.append("act"))
    async with trio.open_nursery() as nursery:
        await nursery.start(tick.run)
        nursery.cancel_scope.cancel()
        tick.arm()  # cancelled, and not yet gone
    tick.arm()
    await settle()
    assert acts == []


async def test_what_was_armed_is_done_though_it_is_cancelled() -> None:
    acts: list[str] = []
    tick = TickEnd(lambda: acts.append("act"))
    async with trio.open_nursery() as nursery:
        await nursery.start(tick.run)
        tick.arm()
        nursery.cancel_scope.cancel()
    assert acts == ["act"]
