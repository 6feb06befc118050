"""The line that whoever reads the benchmarks relies on (docs/benchmarks.md)."""

import pytest

from bench.figures import Figure, report


@pytest.mark.parametrize(
    ("figure", "line"),
    [
        (Figure("a_ceiling", 1.149, "ratio", 1.15), "a_ceiling 1.15 ratio target <= 1.15 ok"),
        (Figure("a_ceiling", 1.151, "ratio", 1.15), "a_ceiling 1.15 ratio target <= 1.15 short"),
        (Figure("a_floor", 0.8, "ratio", 0.8, at_least=True), "a_floor 0.80 ratio target >= 0.8 ok"),
        (Figure("a_floor", 0.79, "ratio", 0.8, at_least=True), "a_floor 0.79 ratio target >= 0.8 short"),
    ],
)
def test_one_line_for_each_figure(figure: Figure, line: str) -> None:
    assert str(figure) == line


def test_the_exit_code_tells_of_a_figure_that_is_short(capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = Figure("good", 1, "s", 2), Figure("bad", 3, "s", 2)
    assert report([good]) == 0
    assert report([bad, good]) == 1
    assert capsys.readouterr().out.splitlines() == [str(good), str(bad), str(good)]
