"""Where a bar ends (product 7.2)."""

from gateway.endpoints.console.charts import LABEL, LETTERS, NUMBER, ROW, WIDTH, bars, short


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
