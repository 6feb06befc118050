"""What a process remembers, and when it must not (house.md 4a)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.records import (
    BackendKey,
    Change,
    Contact,
    Organisation,
    OrganisationState,
    Scope,
    Signal,
    User,
    UserState,
)
from gateway.services.snapshots import (
    FEED_SILENCE,
    REMEMBERED_CHANGES,
    Known,
    OrganisationView,
    Snapshots,
    concerns,
)
from mdm.access import AccessDecision
from mdm.ashttp import Version
from mdm.criteria import Facts
from mdm.device import AccessLevel, Device, DeviceInformation, DeviceKey
from mdm.handshake import digest_of
from mdm.policy import DEFAULT, Policy
from mdm.rules import Condition, Mode, Rule, RuleSet
from tests.support.stores import ACME, GLOBEX, NOON, device, user

ANN, BOB, GIL = user("ann"), user("bob"), user("gil", GLOBEX, "globex.example")


def known(
    device_id: str = "PHONE1",
    owner: User = ANN,
    organisation: Organisation = ACME,
    policy: Policy = DEFAULT,
    **fields: object,
) -> Known:
    made = replace(device(device_id, owner), **fields)  # type: ignore[arg-type]
    return Known(made, owner, OrganisationView(organisation, policy))


def about(one: Device) -> Change:
    return Change(Scope.DEVICE, one.key.organisation, one.key.user, one.key.device_id)


def filled() -> tuple[Snapshots, dict[str, Known]]:
    """Ann's two phones, Bob's one, and one of another organisation."""
    snapshots = Snapshots()
    all_known = {
        "ann1": known(),
        "ann2": known("PHONE2"),
        "bob": known("PHONE3", BOB),
        "gil": known("PHONE1", GIL, GLOBEX),
    }
    for one in all_known.values():
        snapshots.put(one, snapshots.mark())
    return snapshots, all_known


def left(snapshots: Snapshots, all_known: dict[str, Known]) -> set[str]:
    key = {name: one.device.key for name, one in all_known.items()}
    return {name for name in all_known if snapshots.get(key[name].user, key[name].device_id) is not None}


def test_what_was_put_is_found_by_user_and_device() -> None:
    snapshots, all_known = filled()
    assert len(snapshots) == len(list(snapshots)) == 4
    assert snapshots.get(ANN.id, "PHONE1") is all_known["ann1"]
    assert snapshots.get(BOB.id, "PHONE1") is None


@pytest.mark.parametrize(
    ("change", "stays"),
    [
        (Change(Scope.DEVICE, ACME.id, ANN.id, "PHONE1"), {"ann2", "bob", "gil"}),
        (Change(Scope.USER, ACME.id, ANN.id), {"bob", "gil"}),
        (Change(Scope.POLICY, ACME.id), {"gil"}),
        (Change(Scope.ORGANISATION, ACME.id), {"gil"}),
        (Change(Scope.ORGANISATION, "m-nobody"), {"ann1", "ann2", "bob", "gil"}),
        (Change(Scope.DEVICE, ACME.id, BOB.id, "PHONE1"), {"ann1", "ann2", "bob", "gil"}),
    ],
)
def test_a_change_drops_what_it_concerns(change: Change, stays: set[str]) -> None:
    snapshots, all_known = filled()
    snapshots.drop([change])
    assert left(snapshots, all_known) == stays
    touched = {name for name, one in all_known.items() if concerns(change, one.device.key)}
    assert touched == set(all_known) - stays


def test_a_read_that_was_overtaken_is_not_put_back() -> None:
    snapshots = Snapshots()
    one = known()
    mark = snapshots.mark()
    snapshots.drop([about(one.device)])
    assert snapshots.put(one, mark) is one
    assert snapshots.get(ANN.id, "PHONE1") is None
    snapshots.put(one, snapshots.mark())
    assert snapshots.get(ANN.id, "PHONE1") is one


def test_a_change_of_something_else_does_not_overtake_a_read() -> None:
    snapshots = Snapshots()
    one, mark = known(), snapshots.mark()
    others = [
        about(device("PHONE2", ANN)),
        about(device("PHONE1", BOB)),
        Change(Scope.USER, GLOBEX.id, GIL.id),
    ]
    snapshots.drop(others)
    snapshots.put(one, mark)
    assert snapshots.get(ANN.id, "PHONE1") is one


@pytest.mark.parametrize("wide", [Scope.ORGANISATION, Scope.POLICY])
def test_a_wide_change_overtakes_every_read_in_the_organisation(wide: Scope) -> None:
    snapshots = Snapshots()
    mark = snapshots.mark()
    snapshots.drop([Change(wide, ACME.id)])
    snapshots.put(known(), mark)
    snapshots.put(known("PHONE1", GIL, GLOBEX), mark)
    assert (snapshots.get(ANN.id, "PHONE1"), len(snapshots)) == (None, 1)


def test_a_read_older_than_what_is_remembered_of_the_feed_is_not_believed() -> None:
    snapshots = Snapshots()
    mark = snapshots.mark()
    snapshots.drop([about(device(f"OTHER{number}")) for number in range(REMEMBERED_CHANGES)])
    snapshots.put(known(), mark)
    assert len(snapshots) == 1
    snapshots.clear()
    mark = snapshots.mark()
    snapshots.drop([about(device(f"OTHER{number}")) for number in range(REMEMBERED_CHANGES + 1)])
    snapshots.put(known(), mark)
    assert len(snapshots) == 0


def test_a_lost_feed_overtakes_every_read() -> None:
    snapshots, _ = filled()
    mark = snapshots.mark()
    snapshots.clear()
    assert len(snapshots) == 0
    snapshots.put(known(), mark)
    assert len(snapshots) == 0
    snapshots.drop([about(device("OTHER"))])
    snapshots.put(known(), mark)
    assert len(snapshots) == 0


def test_the_longest_unused_goes_first() -> None:
    snapshots = Snapshots(maximum=3)
    for number in range(5):
        snapshots.put(known(f"PHONE{number}"), snapshots.mark())
    assert [one.device.key.device_id for one in snapshots] == ["PHONE2", "PHONE3", "PHONE4"]
    snapshots.put(known("PHONE2"), snapshots.mark())
    snapshots.put(known("PHONE9"), snapshots.mark())
    assert [one.device.key.device_id for one in snapshots] == ["PHONE4", "PHONE2", "PHONE9"]


def test_silence_of_the_feed_is_doubt() -> None:
    snapshots = Snapshots()
    assert not snapshots.trusted(0.0)
    snapshots.fresh_at = 100.0
    assert snapshots.trusted(100.0 + FEED_SILENCE)
    assert not snapshots.trusted(100.0 + FEED_SILENCE + 0.001)


def test_a_device_is_announced_once() -> None:
    snapshots = Snapshots(maximum=2)
    first, second, third = (device(f"PHONE{number}").key for number in range(3))
    assert [snapshots.announce_once(key) for key in (first, first, second, second)] == [
        True,
        False,
        True,
        False,
    ]
    assert snapshots.announce_once(third)
    assert not snapshots.announce_once(third)


def test_contacts_are_gathered_until_they_are_taken() -> None:
    snapshots, one = Snapshots(), known()
    snapshots.note(one, 1000.0, "192.0.2.1", "first", Version.V14_1, True)
    snapshots.note(one, 1001.0, "192.0.2.2", "second", Version.V16_1, False)
    snapshots.note(known("PHONE2"), 1002.0, "192.0.2.3", "third", Version.V12_1, False)
    at = datetime.fromtimestamp(1001, UTC)
    assert snapshots.take_contacts()[0] == Contact(
        ACME.id, ANN.id, "PHONE1", at, "192.0.2.2", "second", "16.1", synced=True
    )
    assert snapshots.take_contacts() == []
    snapshots.note(one, 1003.0, "192.0.2.2", "fourth", Version.V16_1, False)
    assert [contact.synced for contact in snapshots.take_contacts()] == [False]


def test_terms_are_the_policy_s_for_the_version_and_drawn_up_once() -> None:
    view = OrganisationView(
        replace(ACME, provisioning_signal=Signal.HTTP449, strict_absent_key=True, legacy_versions=True),
        Policy(allow_non_provisionable=True),
    )
    allowed = AccessDecision(AccessLevel.ALLOW, "x")
    for version in Version:
        terms = view.terms(version, allowed, False)
        assert terms is view.terms(version, allowed, False)
        assert terms.policy_digest == view.policy.digest(version)
        assert (terms.allow_non_provisionable, terms.signal449, terms.strict_absent_key) == (True, True, True)
        assert (terms.legacy_versions, terms.refresh_due, terms.access) == (True, False, allowed)
        assert view.terms(version, allowed, True).refresh_due


def test_a_policy_is_due_again_after_its_hours() -> None:
    refreshed = Policy(refresh_hours=24)
    one = known(policy=refreshed, provisioned_at=NOON)
    day = 24 * 3600
    assert not one.terms(Version.V16_1, NOON.timestamp() + day - 1).refresh_due
    assert one.terms(Version.V16_1, NOON.timestamp() + day).refresh_due
    assert not known(policy=refreshed).terms(Version.V16_1, 1e12).refresh_due
    assert not known(provisioned_at=NOON).terms(Version.V16_1, 1e12).refresh_due


@pytest.mark.parametrize("state", list(OrganisationState))
def test_only_an_active_organisation_serves(state: OrganisationState) -> None:
    one = known(organisation=replace(ACME, state=state))
    assert one.serving is (state is OrganisationState.ACTIVE)
    assert (one.access.level is AccessLevel.ALLOW) is one.serving


def test_a_disabled_user_has_no_access_and_an_override_has_its_reason() -> None:
    assert known(owner=replace(ANN, state=UserState.DISABLED)).access.level is AccessLevel.BLOCK
    quarantined = known(access=AccessLevel.QUARANTINE, access_reason="new model")
    assert quarantined.access.level is AccessLevel.QUARANTINE
    assert "new model" in quarantined.access.reason
    assert (
        known(organisation=replace(ACME, default_access=AccessLevel.BLOCK)).access.level is AccessLevel.BLOCK
    )


def test_the_route_is_the_organisation_s() -> None:
    assert known(organisation=replace(ACME, backend="other")).backend == "other"
    assert DeviceKey(ACME.id, ANN.id, "PHONE1") == known().device.key


def test_partnerships_of_an_organisation_share_what_was_read_alike() -> None:
    snapshots = Snapshots()
    first, second = (snapshots.put(known(name), snapshots.mark()) for name in ("PHONE1", "PHONE2"))
    assert first.view is second.view
    stricter = replace(DEFAULT, allow_non_provisionable=True)
    third = snapshots.put(known("PHONE3", policy=stricter), snapshots.mark())
    assert third.view is not first.view
    assert third.view.policy == stricter


def test_without_a_route_the_organisations_backend_serves() -> None:
    view = OrganisationView(ACME, DEFAULT)
    assert Known(device(), ANN, view).backend == ACME.backend
    assert Known(device(), ANN, view, "other").backend == "other"


def by_rules(*conditions: Condition, default: AccessLevel = AccessLevel.ALLOW) -> Known:
    rules = RuleSet([Rule("r", "r", AccessLevel.BLOCK, conditions)])
    organisation = replace(ACME, default_access=default)
    view = OrganisationView(organisation, DEFAULT, rules=rules)
    return Known(device(last_ip="192.0.2.1", user_agent="Old/1"), ANN, view)


def level(one: Known, ip: str, user_agent: str, version: Version = Version.V16_1) -> AccessLevel:
    return one.terms(version, NOON.timestamp(), (ip, user_agent)).access.level


def test_this_request_decides_and_not_the_last_contact() -> None:
    block, allow = AccessLevel.BLOCK, AccessLevel.ALLOW
    by_network = by_rules(Condition("network", ("192.0.2.0/24",)))
    assert by_network.access.level is block, "the last contact, before any request"
    assert level(by_network, "198.51.100.1", "Old/1") is allow
    assert level(by_network, "192.0.2.9", "Old/1") is block
    assert level(by_network, "", "Old/1") is allow, "unknown is not the last known"
    by_agent = by_rules(Condition("user_agent", ("Old",)))
    assert level(by_agent, "", "New/2") is allow
    assert level(by_agent, "", "Old/1") is block
    by_version = by_rules(Condition("protocol_version", ("<14",)))
    assert level(by_version, "", "", Version.V12_1) is block
    assert level(by_version, "", "", Version.V14_1) is allow


def test_rules_are_asked_again_only_when_what_they_ask_for_is_new() -> None:
    one = by_rules(Condition("user_agent", ("Old",)))
    asked: list[Facts] = []
    ask = one.view.rules.ask
    one.view.rules.ask = lambda facts: (asked.append(facts), ask(facts))[1]  # type: ignore[method-assign]
    for ip in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
        level(one, ip, "Old/1")
    assert len(asked) == 1, "no rule asks for the network"
    level(one, "192.0.2.3", "New/1")
    level(one, "192.0.2.3", "New/1")
    assert len(asked) == 2
    plain = by_rules(Condition("model", ("iPhone",)))
    plain.view.rules.ask = lambda facts: (asked.append(facts), ask(facts))[1]  # type: ignore[method-assign]
    level(plain, "192.0.2.3", "New/1")
    assert len(asked) == 2, "these rules ask for nothing of a request"


def test_an_override_that_runs_out_holds_through_a_change_of_network() -> None:
    later = NOON + timedelta(hours=1)
    rules = RuleSet([Rule("r", "r", AccessLevel.BLOCK, (Condition("network", ("192.0.2.0/24",)),))])
    made = device(access=AccessLevel.ALLOW, access_until=later)
    one = Known(made, ANN, OrganisationView(ACME, DEFAULT, rules=rules))
    assert level(one, "192.0.2.9", "") is AccessLevel.ALLOW
    assert one.decided_until == later.timestamp()
    terms = one.terms(Version.V16_1, later.timestamp(), ("192.0.2.9", ""))
    assert terms.access.level is AccessLevel.BLOCK


def test_workmail_rules_have_their_own_default() -> None:
    spared = replace(ACME, rules_mode=Mode.WORKMAIL, spared_before=NOON + timedelta(days=1))
    none = OrganisationView(spared, DEFAULT, rules=RuleSet((), Mode.WORKMAIL))
    assert Known(device(), ANN, none).access.level is AccessLevel.BLOCK
    listed = RuleSet([Rule("a", "a", AccessLevel.ALLOW)], Mode.WORKMAIL)
    assert Known(device(), ANN, OrganisationView(spared, DEFAULT, rules=listed)).access.level is (
        AccessLevel.ALLOW
    )


def test_a_device_that_waits_counts_as_current() -> None:
    strict = Policy({"DevicePasswordEnabled": True})
    old = DEFAULT.digest(Version.V16_1)
    now = NOON.timestamp()
    behind = known(policy=strict, policy_digest=old).terms(Version.V16_1, now)
    assert behind.policy_digest == strict.digest(Version.V16_1)
    waiting = known(policy=strict, policy_digest=old, reprovision_at=NOON).terms(Version.V16_1, now)
    assert waiting.policy_digest == old
    view = OrganisationView(ACME, strict, planning=True)
    planned = Known(replace(device("PHONE1", ANN), policy_digest=old), ANN, view)
    assert planned.terms(Version.V16_1, now).policy_digest == old
    fresh = Known(device("PHONE2", ANN), ANN, view)
    assert fresh.terms(Version.V16_1, now).policy_digest == strict.digest(Version.V16_1)
    assert not view.alike(OrganisationView(ACME, strict))


def test_what_the_backend_has_not_been_told_is_known_beforehand() -> None:
    told = DeviceInformation(model="A1")
    silent, reporting = device(), device(information=told)
    view = OrganisationView(ACME, DEFAULT)
    assert not Known(silent, ANN, view).untold
    assert Known(reporting, ANN, view).untold
    peer = BackendKey(reporting.key, "exchange", informed=digest_of(told))
    assert not Known(reporting, ANN, view, peer=peer).untold
    assert Known(reporting, ANN, view, peer=replace(peer, informed=digest_of(DeviceInformation("B2")))).untold


def test_what_a_change_of_rules_drops_is_known_but_for_the_rules() -> None:
    snapshots, all_known = filled()
    rules = Change(Scope.RULES, ACME.id)
    snapshots.drop([rules])
    assert left(snapshots, all_known) == {"gil"}
    assert set(snapshots.retired()) == {all_known[name].device.key for name in ("ann1", "ann2", "bob")}
    snapshots, all_known = filled()
    snapshots.drop([rules, about(all_known["ann1"].device), Change(Scope.USER, ACME.id, BOB.id)])
    assert set(snapshots.retired()) == {all_known["ann2"].device.key}
    snapshots.drop([about(all_known["ann2"].device)])
    assert snapshots.retired() == {}
