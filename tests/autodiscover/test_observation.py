"""Observations as values (product 2.5)."""

import pytest

from autodiscover.observation import Observed, Outcome, Phase, Step, Survey

ONE = Observed("a.test", "A", Outcome.RECORDS, ("192.0.2.1",), ttl=60, server="one")
TWO = Observed("a.test", "A", Outcome.RECORDS, ("192.0.2.2",), ttl=60, server="two")
GONE = Observed("a.test", "A", Outcome.NXDOMAIN, server="three")
LATE = Observed("a.test", "A", Outcome.TIMEOUT, server="four")


@pytest.mark.parametrize(
    ("observed", "fact"),
    [
        (ONE, "192.0.2.1"),
        (
            Observed("a.test", "A", Outcome.RECORDS, ("192.0.2.1", "192.0.2.2"), ("b.test", "c.test")),
            "192.0.2.1, 192.0.2.2 (by way of b.test -> c.test)",
        ),
        (
            Observed("a.test", "A", Outcome.NXDOMAIN, chain=("b.test",)),
            "points to b.test: the name does not exist",
        ),
        (LATE, "no name server answered in time"),
    ],
    ids=["records", "chain", "dangling", "failure"],
)
def test_a_fact_is_for_people(observed: Observed, fact: str) -> None:
    assert observed.fact == fact


def test_only_settled_answers_dissent() -> None:
    assert Survey(ONE, (ONE, TWO, GONE, LATE)).dissent == (TWO, GONE)
    assert Survey(GONE, (ONE,)).dissent == (ONE,)
    assert Survey(LATE, (ONE, TWO)).dissent == ()


@pytest.mark.parametrize("outcome", Outcome, ids=lambda outcome: outcome.name.lower())
def test_the_dns_has_spoken_or_has_not(outcome: Outcome) -> None:
    spoken = (Outcome.RECORDS, Outcome.NXDOMAIN, Outcome.NO_DATA)
    assert outcome.settled is (outcome in spoken)


def test_a_phase_passes_with_all_its_steps() -> None:
    good, bad = Step("https://a.test/", True, "401"), Step("https://b.test/", False, "200")
    assert Phase(2, (good,)).passed
    assert not Phase(2, (good, bad)).passed
