"""gateway.errors: the two halves of an error."""

import pytest

from gateway.errors import GatewayError, Kind, LostRace, malformed


def test_the_public_half_is_what_the_asker_reads() -> None:
    error = GatewayError(Kind.MALFORMED, "The policy has wrong settings.", faults={"a": "must be a number"})
    assert (error.kind, error.public, str(error)) == (
        Kind.MALFORMED,
        "The policy has wrong settings.",
        "The policy has wrong settings.",
    )
    assert dict(error.faults) == {"a": "must be a number"}


@pytest.mark.parametrize("kind", Kind)
def test_without_a_public_half_nothing_but_the_kind_is_said(kind: Kind) -> None:
    error = GatewayError(kind)
    assert (error.public, str(error), dict(error.faults)) == ("", kind.value, {})


def test_faults_cannot_be_changed_on_the_way() -> None:
    given = {"a": "wrong"}
    error = GatewayError(Kind.MALFORMED, faults=given)
    given["b"] = "added"
    assert dict(error.faults) == {"a": "wrong"}
    with pytest.raises(TypeError):
        error.faults["c"] = "added"  # type: ignore[index]


def test_a_lost_race_is_a_conflict() -> None:
    assert LostRace().kind is Kind.CONFLICT


def test_what_one_field_holds_is_said_and_named() -> None:
    error = malformed("name", "Too long.")
    assert (error.kind, error.public, dict(error.faults)) == (
        Kind.MALFORMED,
        "Too long.",
        {"name": "Too long."},
    )
