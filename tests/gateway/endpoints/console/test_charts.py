"""Where a bar ends and a line goes (product 7.2)."""

from datetime import timedelta

from gateway.endpoints.console.charts import (
    FLOOR,
    LABEL,
    LETTERS,
    NUMBER,
    ROW,
    SKY,
    WIDTH,
    bars,
    every,
    lines,
    short,
)
from tests.support.stores import NOON


def test_the_longest_takes_all_the_room_and_the_others_their_share() -> None:
    drawn = bars({"a": 4, "b": 1, "c": 0})
    assert [bar.length for bar in drawn.bars] == [WIDTH - LABEL - NUMBER, (WIDTH - LABEL - NUMBER) / 4, 0]
    assert [bar.top for bar in drawn.bars] == [0, ROW, 2 * ROW]
    assert (drawn.height, drawn.total) == (3 * ROW, 5)


def test_nothing_at_all_is_drawn_without_a_division() -> None:
    assert bars({}).total == 0
    assert [bar.length for bar in bars({"a": 0}).bars] == [0]


def test_a_long_name_is_cut_in_the_drawing() -> None:
    assert short("iOS") == "iOS"
    assert len(short("x" * 99)) == LETTERS


HOUR = timedelta(hours=1)
TIMES = [NOON + HOUR * number for number in range(4)]


def test_a_line_goes_from_the_floor_to_the_sky_and_breaks_where_nothing_is_known() -> None:
    (line,) = lines({"a": {TIMES[0]: 0, TIMES[1]: 10, TIMES[3]: 5}}, TIMES).lines
    assert line.values == [0, 10, None, 5]
    third, middle = WIDTH / 3, (FLOOR + SKY) / 2
    assert line.path == f"M0.0 {FLOOR:.1f}h0L{third:.1f} {SKY:.1f}M{WIDTH:.1f} {middle:.1f}h0"


def test_lines_share_a_height_and_nothing_at_all_is_a_line_on_the_floor() -> None:
    drawn = lines({"a": {TIMES[0]: 50}, "b": {TIMES[0]: 5}}, TIMES[:1], 100)
    assert (drawn.most, drawn.lines[0].path) == (100, f"M0.0 {(FLOOR + SKY) / 2:.1f}h0")
    assert lines({"a": {TIMES[0]: 0}}, TIMES[:1]).lines[0].path == f"M0.0 {FLOOR:.1f}h0"
    assert lines({"a": {}}, []).lines[0].path == ""


def test_the_moments_between_are_there_too() -> None:
    assert every(HOUR, [TIMES[0], TIMES[3]]) == TIMES
    assert every(HOUR, TIMES[:1]) == TIMES[:1]
    assert every(HOUR, []) == []
