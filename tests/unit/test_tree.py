import pytest

from proctui.core.tree import Forest


@pytest.fixture
def forest() -> Forest:
    forest = Forest()
    forest.place("w:a", None, (0, 0, 0))
    forest.place("w:b", None, (0, 1, 0))
    forest.place("p:1", "w:a", (1, 10.0, 1))
    forest.place("p:2", "w:a", (1, 5.0, 2))
    forest.place("p:3", "p:1", (1, 11.0, 3))
    return forest


def test_siblings_stand_by_rank_not_by_arrival(forest: Forest) -> None:
    assert forest.roots == ["w:a", "w:b"]
    assert forest.children("w:a") == ["p:2", "p:1"]
    assert forest.children("p:2") == []
    assert [forest.depth(key) for key in ("w:a", "p:1", "p:3")] == [0, 1, 2]


def test_a_move_takes_what_is_below_with_it(forest: Forest) -> None:
    assert forest.place("p:1", "w:b", (1, 10.0, 1))
    assert forest.children("w:a") == ["p:2"]
    assert forest.children("w:b") == ["p:1"]
    assert set(forest.subtree("w:b")) == {"p:1", "p:3"}
    assert forest.depth("p:3") == 2


def test_structure_grows_with_changes_only(forest: Forest) -> None:
    before = forest.structure
    assert not forest.place("p:1", "w:a", (1, 10.0, 1))
    assert forest.structure == before
    assert forest.place("w:b", None, (0, -1, 0))
    assert forest.roots == ["w:b", "w:a"]
    assert forest.structure > before


def test_what_hung_under_a_removed_row_goes_to_the_root(forest: Forest) -> None:
    before = forest.structure
    assert forest.remove("w:a") == ["p:2", "p:1"]
    assert "w:a" not in forest
    assert forest.roots == ["w:b", "p:2", "p:1"]
    assert forest.parent("p:1") is None
    assert forest.structure > before


def test_nothing_hangs_below_itself(forest: Forest) -> None:
    forest.place("w:a", "p:3", (0, 0, 0))
    assert forest.parent("w:a") is None
    forest.place("p:1", "p:1", (1, 10.0, 1))
    assert forest.parent("p:1") is None
