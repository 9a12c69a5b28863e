from proctui.core.history import (
    FEWEST_MARKS,
    MAX_MARKS,
    MAX_POINTS,
    Histories,
    History,
    Mark,
    Point,
)


def test_marks_stand_in_order_of_time_however_late_they_come() -> None:
    history = History("w:a")
    for mark in (Mark(3.0, "ended"), Mark(1.0, "started"), Mark(2.0, "signal", "SIGTERM")):
        history.mark(mark)
    assert [m.kind for m in history.marks] == ["started", "signal", "ended"]


def test_the_same_mark_is_kept_once() -> None:
    history = History("w:a")
    history.mark(Mark(1.0, "started"))
    history.mark(Mark(1.0, "started", seq=7))
    history.mark(Mark(1.0, "signal"))
    assert [m.kind for m in history.marks] == ["started", "signal"]


def test_marks_and_points_are_bounded_and_the_latest_are_kept() -> None:
    history = History("w:a")
    for i in range(2 * MAX_POINTS):
        history.mark(Mark(float(i), "signal"))
        history.point(1e9 + i, 0.5 * i, 1024 * i, MAX_POINTS)
    assert len(history.marks) == MAX_MARKS
    points = history.points()
    assert len(points) == MAX_POINTS
    last = 2 * MAX_POINTS - 1
    assert points[-1] == Point(1e9 + last, 0.5 * last, 1024 * last)
    assert points[0].time == 1e9 + MAX_POINTS


def test_all_marks_together_are_bounded_and_each_keeps_some() -> None:
    histories = Histories()
    for number in range(4000):
        for key in ("w:busy", f"w:{number}"):
            histories.mark(key, Mark(float(number), "started"))
    for number in range(2 * MAX_MARKS):
        histories.mark("w:busy", Mark(1e6 + number, "signal"))
        histories.mark("w:7", Mark(1e6 + number, "signal"))
    for key in ("w:busy", "w:7"):
        history = histories.get(key)
        assert history is not None
        assert len(history.marks) == FEWEST_MARKS
        assert history.marks[-1].time == 1e6 + 2 * MAX_MARKS - 1


def test_a_process_at_rest_takes_no_room() -> None:
    assert History("w:a").points() == []


def test_of_the_gone_the_latest_are_kept() -> None:
    histories = Histories(max_gone=2)
    for key in ("p:1", "p:2", "p:3", "p:4"):
        histories.of(key).mark(Mark(1.0, "started"))
    for key in ("p:1", "p:2", "p:3"):
        histories.left(key, 5.0)
    assert histories.get("p:1") is None
    assert [h.key for h in histories] == ["p:2", "p:3", "p:4"]
    kept = histories.get("p:2")
    assert kept is not None
    assert kept.ended_at == 5.0


def test_who_comes_back_is_not_gone() -> None:
    histories = Histories(max_gone=1)
    histories.of("w:a")
    histories.left("w:a", 5.0)
    histories.came_back("w:a")
    histories.of("w:b")
    histories.left("w:b", 6.0)
    back = histories.get("w:a")
    assert back is not None
    assert back.ended_at is None
