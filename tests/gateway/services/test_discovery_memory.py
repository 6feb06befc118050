"""What discovery remembers, and when it does not believe it (product 1: a grant shows within a minute)."""

from dataclasses import dataclass

import pytest

from autodiscover.model import AddressRedirect, NotFound, Question
from gateway.records import Change, Scope
from gateway.services.discovery import Finding
from gateway.services.discovery_memory import AGE_S, DiscoveryMemory

ACME, OTHER = "m-acme", "m-other"
ANN, SITE = Question("ann@example.org"), Question(domain="example.org")
FOUND, UNKNOWN = AddressRedirect("x@example.org"), NotFound()


@dataclass(frozen=True)
class Signed:
    organisation: str = ACME
    user: str = "u-ann"


class Feed:
    now = 100.0
    heard = True


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
def memory(feed: Feed) -> DiscoveryMemory:
    return DiscoveryMemory(lambda _: feed.heard, lambda: feed.now, maximum=3, maximum_unknown=2)


def put(
    memory: DiscoveryMemory,
    question: Question = ANN,
    asker: Signed | None = Signed(),
    finding: Finding = Finding(FOUND, ACME),  # noqa: B008 - frozen
) -> None:
    memory.put(question, asker, finding, memory.mark())


def test_what_was_found_is_known_to_the_same_asker_alone(memory: DiscoveryMemory) -> None:
    put(memory)
    assert memory.get(ANN, Signed()) == FOUND
    assert memory.get(ANN, Signed(user="u-bob")) is None
    assert memory.get(Question("ANN@example.org"), Signed()) is None
    assert memory.get(Question("ann@example.org", "/o=x"), Signed()) is None
    assert memory.get(ANN, None) is None


def test_a_domain_is_the_same_for_everybody(memory: DiscoveryMemory) -> None:
    put(memory, SITE, None)
    assert memory.get(SITE, Signed()) == FOUND


def test_nothing_is_older_than_half_a_minute(memory: DiscoveryMemory, feed: Feed) -> None:
    put(memory)
    feed.now += AGE_S - 0.001
    assert memory.get(ANN, Signed()) == FOUND
    feed.now += 0.001
    assert memory.get(ANN, Signed()) is None


def test_while_the_feed_is_silent_nothing_is_believed(memory: DiscoveryMemory, feed: Feed) -> None:
    put(memory)
    feed.heard = False
    assert memory.get(ANN, Signed()) is None


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        (Change(Scope.USER, ACME, "u-bob"), False),
        (Change(Scope.ORGANISATION, ACME), False),
        (Change(Scope.USER, OTHER, "u-eve"), True),
        (Change(Scope.ORGANISATION, OTHER), True),
        (Change(Scope.DEVICE, ACME, "u-ann", "PHONE1"), True),
        (Change(Scope.POLICY, ACME), True),
    ],
    ids=range(6),
)
def test_any_change_of_the_directory_of_an_organisation_drops_what_rests_on_it(
    memory: DiscoveryMemory, change: Change, kept: bool
) -> None:
    put(memory)
    memory.drop([change])
    assert (memory.get(ANN, Signed()) == FOUND) is kept


def test_what_rests_on_several_or_on_none_is_dropped_by_any_change(memory: DiscoveryMemory) -> None:
    put(memory, finding=Finding(FOUND))
    put(memory, SITE, None, Finding(UNKNOWN))
    memory.drop([Change(Scope.USER, OTHER, "u-eve")])
    assert len(memory) == 0


def test_a_read_that_was_overtaken_is_not_remembered(memory: DiscoveryMemory) -> None:
    mark = memory.mark()
    memory.drop([Change(Scope.USER, ACME, "u-ann")])
    memory.put(ANN, Signed(), Finding(FOUND, ACME), mark)
    assert len(memory) == 0
    mark = memory.mark()
    memory.drop([Change(Scope.DEVICE, ACME, "u-ann", "PHONE1")])
    memory.put(ANN, Signed(), Finding(FOUND, ACME), mark)
    assert len(memory) == 1


def test_made_up_names_do_not_push_out_what_was_found(memory: DiscoveryMemory) -> None:
    put(memory)
    for number in range(50):
        put(memory, Question(domain=f"d{number}.example"), None, Finding(UNKNOWN))
    assert memory.get(ANN, Signed()) == FOUND
    assert len(memory) == 3


def test_what_is_too_long_for_a_name_is_not_kept(memory: DiscoveryMemory) -> None:
    """The body of a request has 32 KiB, and each of them could be another question."""
    for question in (Question("a" * 513), Question("a", "/o=" + "x" * 512), Question(domain="a" * 513)):
        put(memory, question, finding=Finding(UNKNOWN, ACME))
    assert len(memory) == 0
    put(memory, Question(f"{'a' * 64}@{'b' * 189}", domain="c" * 253))
    assert len(memory) == 1


def test_the_oldest_goes_first_and_an_answer_may_become_another(memory: DiscoveryMemory) -> None:
    for number in range(4):
        put(memory, Question(f"{number}@example.org"))
    assert [memory.get(Question(f"{number}@example.org"), Signed()) is None for number in range(4)] == [
        *(True, False, False, False)
    ]
    put(memory, Question("1@example.org"), finding=Finding(UNKNOWN, ACME))
    assert memory.get(Question("1@example.org"), Signed()) == UNKNOWN
    assert len(memory) == 3


def test_after_a_gap_in_the_feed_all_is_forgotten(memory: DiscoveryMemory) -> None:
    mark = memory.mark()
    put(memory)
    memory.clear()
    assert len(memory) == 0
    memory.put(ANN, Signed(), Finding(FOUND, ACME), mark)
    assert len(memory) == 0
    put(memory)
    memory.drop([Change(Scope.USER, ACME)])
    assert len(memory) == 0
