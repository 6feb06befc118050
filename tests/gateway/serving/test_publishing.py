"""What a worker counted is on the board, and goes on where a dead worker left off."""

from gateway.board import SLOT, Board, Figures
from gateway.serving.publishing import MOST_KINDS, OTHER, Answered, Counted, Publisher

LATENCY = {"default": (1, 0, 2.5)}


def publisher(board: Board, answered: list[Answered], figures: Figures | None = None) -> Publisher:
    own = [lambda: figures] if figures else []
    return Publisher(board, 0, "clients", answered, own, lambda: 3)


def test_counts_gauges_and_histograms() -> None:
    board = Board(1)
    answered: Answered = {("Sync", "answered", 200): 4, ("Ping", "cut", 200): 1}
    told = Figures({"parked_requests": {"default": 7}}, {"contacts_lost": 2}, LATENCY)
    publisher(board, [answered, {("Sync", "answered", 200): 1}], told).publish()
    (document,) = board.all()
    assert sorted(document["answered"]) == [["Ping", "cut", 200, 1], ["Sync", "answered", 200, 5]]
    assert document["counters"] == {"contacts_lost": 2}
    assert document["latency"] == {"default": [1, 0, 2.5]}
    gauges = document["gauges"]
    assert gauges["parked_requests"] == {"default": 7}
    assert gauges["connections"] == {"": 3}
    assert gauges["resident_bytes"][""] > 1_000_000
    assert gauges["open_files"][""] >= 3


def test_no_sum_goes_back_when_a_worker_is_started_again() -> None:
    board = Board(1)
    told = Figures({}, {"contacts_lost": 2}, LATENCY)
    publisher(board, [{("Sync", "answered", 200): 4}], told).publish()
    reborn: Answered = {}
    again = publisher(board, [reborn], Figures({}, {"contacts_lost": 0}, {"default": (0, 0, 0.0)}))
    again.publish()
    assert board.read(0)["answered"] == [["Sync", "answered", 200, 4]]
    reborn["Sync", "answered", 200] = 3
    for _ in range(2):
        again.publish()
    assert board.read(0)["answered"] == [["Sync", "answered", 200, 7]]
    assert board.read(0)["counters"] == {"contacts_lost": 2}
    assert board.read(0)["latency"] == LATENCY | {"default": [1, 0, 2.5]}


def test_kinds_are_bounded() -> None:
    board = Board(1)
    many: Answered = {("Sync", f"word {number}", 200): 1 for number in range(MOST_KINDS + 50)}
    publisher(board, [many]).publish()
    found = board.read(0)["answered"]
    assert len(found) == MOST_KINDS + 1
    assert [OTHER, OTHER, 0, 50] in found


def test_what_does_not_fit_is_left_out() -> None:
    board = Board(1)
    publisher(board, [{("Sync", "x" * SLOT, 200): 1}]).publish()
    assert board.all() == []


def test_an_application_may_have_figures() -> None:
    class Some:
        def figures(self) -> Figures:
            return Figures()

    assert isinstance(Some(), Counted)
    assert not isinstance(object(), Counted)
