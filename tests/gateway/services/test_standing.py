"""Product 6.1: what the records say, and when it runs out."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address
from math import inf

import pytest

from gateway.records import OrganisationState, UserState
from gateway.services.standing import ends_after, facts_of, read_address, standing_of
from mdm.access import Override, Suspension
from mdm.device import AccessLevel, DeviceInformation
from mdm.rules import NOTHING
from tests.support.stores import ACME, NOON, device, user

ANN = replace(user("ann"), aliases=("info@acme.example",))
PHONE = device("PHONE1", ANN)
SOON, LATER = NOON + timedelta(hours=1), NOON + timedelta(hours=2)


def test_facts_are_what_was_reported_and_who_the_user_is() -> None:
    told = replace(PHONE, information=DeviceInformation(model="iPhone15,2", os="iOS 17"), last_ip="192.0.2.1")
    facts = facts_of(told, ANN, ["g-1"])
    assert (facts.model, facts.os, facts.user, facts.groups) == ("iPhone15,2", "iOS 17", ANN.id, {"g-1"})
    assert facts.addresses == {ANN.address, "info@acme.example"}
    assert facts.domain == ANN.address.partition("@")[2]
    assert facts.network == ip_address("192.0.2.1")
    assert facts_of(told, ANN, ip="2001:db8::1").network == ip_address("2001:db8::1")


@pytest.mark.parametrize("text", ["", "unknown", "192.0.2.1:80"])
def test_what_is_no_address_is_not_known(text: str) -> None:
    assert read_address(text) is None


def test_a_plain_partnership_has_nothing_but_the_default() -> None:
    standing = standing_of(PHONE, ANN, ACME, NOTHING)
    assert (standing.override, standing.suspension, standing.conflict) == (None, None, "")
    assert standing.user_enabled
    assert standing.organisation_active
    assert ends_after(standing, NOON) == inf


def test_overrides_suspensions_disputes_and_states_are_put_forward() -> None:
    held = replace(
        PHONE,
        access=AccessLevel.ALLOW,
        access_reason="spare",
        access_until=LATER,
        suspended_until=SOON,
        suspended_reason="floods",
        conflict="another user's",
    )
    gone = replace(ANN, state=UserState.DISABLED)
    standing = standing_of(held, gone, replace(ACME, state=OrganisationState.INACTIVE), NOTHING)
    assert standing.override == Override(AccessLevel.ALLOW, "spare", LATER)
    assert standing.suspension == Suspension(SOON, "floods")
    assert (standing.conflict, standing.user_enabled, standing.organisation_active) == (
        "another user's",
        False,
        False,
    )
    assert [ends_after(standing, at) for at in (NOON, SOON, LATER)] == [
        SOON.timestamp(),
        LATER.timestamp(),
        inf,
    ]
