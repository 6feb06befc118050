"""A keyed request as a value."""

from gateway.records.repetitions import KeptRequest
from tests.support.stores import NOON


def test_one_that_was_just_taken_has_no_answer() -> None:
    taken = KeptRequest("ann", "k", "r", "p-1", NOON)
    assert (taken.status, taken.media_type, taken.body) == (0, "", None)
