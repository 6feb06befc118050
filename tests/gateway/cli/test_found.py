"""Whom an address means."""

import json

from tests.support.desk import Usher


def test_an_address_is_enough_to_find_its_owner(usher: Usher, ann: str) -> None:
    begun = json.loads(usher("offboard", ann, "--json").stdout)
    assert begun["kind"] == "offboarding"


def test_nobody_has_that_address(usher: Usher, acme: str) -> None:
    assert "no such user" in usher("offboard", f"bob@{acme}.example", code=3).output
