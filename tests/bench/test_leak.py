"""The measure by which two samples of times are told apart."""

from bench.leak import chance, distance


def test_distance() -> None:
    assert distance([1, 2, 3], [1, 2, 3]) == 0
    assert distance([1, 2], [3, 4]) == 1
    assert distance([1, 2, 3, 4], [3, 4, 5, 6]) == 0.5


def test_chance_shrinks_with_the_samples() -> None:
    assert chance(100) > chance(400) > 0
