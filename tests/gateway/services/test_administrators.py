"""Administering administrators: within reach, no more than one holds, never without an owner (T9, T25)."""

from dataclasses import replace

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag
from gateway.records.administrators import Administrator, AdministratorState
from gateway.records.authority import Appointment, Authority, Permission, Role
from gateway.services.administrators import (
    AdministratorChanges,
    Administrators,
    NewAdministrator,
    require_name,
)
from tests.support.accounts import OWNER, PASSWORD, ROOT, ROOT_ACTOR, House, house
from tests.support.stores import ACME, GLOBEX

AT_ACME = Appointment(Role.OWNER, ACME.id)
OPERATOR = Appointment(Role.OPERATOR, ACME.id)
WIPER = Appointment(Role.OPERATOR, ACME.id, full_wipe=True)
DISABLED = AdministratorChanges(state=AdministratorState.DISABLED)


@pytest.fixture(name="home")
def _home(store: object) -> House:
    return house(store)  # type: ignore[arg-type]


def as_(account: Administrator) -> Authority:
    return Authority(account.name, account.person, account.appointments, None, True, account.id, "s-1")


def actor(account: Administrator) -> Actor:
    return Actor("admin", account.name, "192.0.2.1", person=account.person, credential="s-1")


def within(home: House, account: Administrator) -> Administrators:
    """The accounts that an account reaches, as a route gets them."""
    reach = as_(account).reach(Permission.ADMINISTRATOR_WRITE)
    return Administrators(home.store.within(reach), home.clock, *_parts(home))


def _parts(home: House) -> tuple[object, object]:
    return home.accounts._keys, home.accounts._passwords


def refused(kind: Kind) -> "pytest.RaisesExc[GatewayError]":
    return pytest.raises(GatewayError, check=lambda error: error.kind is kind)


def test_an_account_is_made_and_stands_in_the_trail_without_its_password(home: House) -> None:
    new = NewAdministrator(" Ann@ACME.example", [WIPER], "Ann", "ann@Acme.example", PASSWORD)
    account = home.accounts.create(ROOT_ACTOR, ROOT, new)
    assert (account.name, account.address, account.person) == (
        "ann@acme.example",
        "ann@acme.example",
        account.id,
    )
    assert account.password_hash and account.password_hash.startswith("$argon2id$")
    assert (account.vouched_by, account.vouched_at) == ("", home.clock.now())
    assert home.accounts.get("ANN@acme.example") == home.accounts.get(account.id) == account
    (record,) = home.trail(AuditTag.ADMINISTRATOR_CREATED)
    assert (record.organisation, record.target) == (ACME.id, account.id)
    assert record.after["appointments"] == [{"role": "operator", "organisation": ACME.id, "full_wipe": True}]
    assert "argon2" not in str(record) and PASSWORD not in str(record)


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "cli:root", "a/b", "bootstrap", "System", "x" * 255, "a\nb"]
)
def test_a_name_that_the_trail_could_mistake_is_refused(name: str) -> None:
    with refused(Kind.MALFORMED):
        require_name(name)


def test_a_name_is_no_id_and_folded() -> None:
    with refused(Kind.MALFORMED):
        require_name("a-" + "0" * 32)
    assert require_name("ＡＮＮ") == require_name(" Ann ") == "ann"


@pytest.mark.parametrize(
    ("new", "kind"),
    [
        (NewAdministrator("ann", []), Kind.MALFORMED),
        (NewAdministrator("ann", [OWNER], password="short"), Kind.MALFORMED),
        (NewAdministrator("ann", [OWNER], address="nothing"), Kind.MALFORMED),
        (NewAdministrator("ann", [Appointment(Role.VIEWER, "nowhere")]), Kind.NOT_FOUND),
        (NewAdministrator("TAKEN", [OWNER]), Kind.CONFLICT),
    ],
)
def test_what_is_no_account_is_refused(home: House, new: NewAdministrator, kind: Kind) -> None:
    home.make("taken")
    with refused(kind):
        home.accounts.create(ROOT_ACTOR, ROOT, new)
    assert [each.name for each in home.accounts.list()] == ["taken"]


def test_without_a_password_nobody_signs_in(home: House) -> None:
    account = home.accounts.create(ROOT_ACTOR, ROOT, NewAdministrator("idp", [OWNER]))
    assert account.password_hash is None
    with refused(Kind.UNAUTHENTICATED):
        home.enter("idp", enrolled=False)


def test_an_owner_of_one_organisation_makes_accounts_there_and_nowhere_else(home: House) -> None:
    boss = home.make("boss", AT_ACME)
    theirs = within(home, boss)
    made = theirs.create(actor(boss), as_(boss), NewAdministrator("desk", [OPERATOR]))
    assert made.vouched_by == boss.id
    for appointment, kind in (
        (OWNER, Kind.FORBIDDEN),
        (WIPER, Kind.FORBIDDEN),
        (Appointment(Role.VIEWER, GLOBEX.id), Kind.NOT_FOUND),
        (Appointment(Role.VIEWER), Kind.FORBIDDEN),
    ):
        with refused(kind):
            theirs.create(actor(boss), as_(boss), NewAdministrator("more", [OPERATOR, appointment]))
        with refused(kind):
            theirs.appoint(actor(boss), as_(boss), "desk", appointment)
    assert [each.name for each in theirs.list()] == ["boss", "desk"]
    assert home.accounts.get("desk").appointments == (OPERATOR,)


def test_whoever_may_do_something_elsewhere_is_not_there_for_it(home: House) -> None:
    boss = home.make("boss", AT_ACME)
    home.make("both", OPERATOR, Appointment(Role.VIEWER, GLOBEX.id))
    home.make("root")
    theirs = within(home, boss)
    for name in ("both", "root", "nobody"):
        for act in (
            lambda name=name: theirs.get(name),
            lambda name=name: theirs.remove(actor(boss), name),
            lambda name=name: theirs.change(actor(boss), as_(boss), name, DISABLED),
            lambda name=name: theirs.set_password(actor(boss), as_(boss), name, PASSWORD + "2"),
            lambda name=name: theirs.reset_second_factor(actor(boss), as_(boss), name),
            lambda name=name: theirs.appoint(actor(boss), as_(boss), name, OPERATOR),
            lambda name=name: theirs.dismiss(actor(boss), name, OPERATOR),
            lambda name=name: theirs.link(actor(boss), name, "boss"),
            lambda name=name: theirs.link(actor(boss), "boss", name),
            lambda name=name: theirs.unlink(actor(boss), as_(boss), name),
        ):
            with refused(Kind.NOT_FOUND):
                act()


def test_a_name_taken_out_of_reach_is_taken(home: House) -> None:
    boss = home.make("boss", AT_ACME)
    home.make("root")
    with refused(Kind.CONFLICT):
        within(home, boss).create(actor(boss), as_(boss), NewAdministrator("root", [OPERATOR]))


def test_who_may_do_more_is_not_taken_over(home: House) -> None:
    boss = home.make("boss", AT_ACME)
    home.make("wiper", WIPER)
    theirs = within(home, boss)
    for act in (
        lambda: theirs.set_password(actor(boss), as_(boss), "wiper", PASSWORD + "2"),
        lambda: theirs.reset_second_factor(actor(boss), as_(boss), "wiper"),
        lambda: theirs.change(
            actor(boss), as_(boss), "wiper", AdministratorChanges(issuer="https://idp", subject="1")
        ),
        lambda: theirs.change(
            actor(boss), as_(boss), "wiper", AdministratorChanges(address="boss@acme.example")
        ),
    ):
        with refused(Kind.FORBIDDEN):
            act()
    assert not theirs.change(actor(boss), as_(boss), "wiper", DISABLED).enabled
    (denied, *_) = home.trail(AuditTag.ACT_REFUSED)
    assert denied.actor.name == "boss"


def test_a_limited_token_gives_nothing_that_it_is_limited_from(home: House) -> None:
    ann = home.make("ann")
    limited = replace(as_(ann), limits=frozenset({Permission.ADMINISTRATOR_WRITE, Permission.SELF}))
    with refused(Kind.FORBIDDEN):
        home.accounts.create(actor(ann), limited, NewAdministrator("more", [OWNER]))
    home.make("bob")
    with refused(Kind.FORBIDDEN):
        home.accounts.set_password(actor(ann), limited, "bob", PASSWORD + "2")


def test_a_password_that_another_sets_is_vouched_for_and_ends_sessions(home: House) -> None:
    ann, bob = home.make("ann"), home.enrolled("bob")
    secret = home.enter("bob")
    after = home.accounts.set_password(actor(ann), as_(ann), "bob", "Another-Horse-2")
    assert (after.vouched_by, after.vouched_at) == (ann.id, home.clock.now())
    assert home.door.recognition.of(secret, "") is None
    (record,) = home.trail(AuditTag.PASSWORD_SET)
    assert (record.target, "Another-Horse-2" in str(record)) == (bob.id, False)


def test_a_second_factor_that_another_takes_away_is_vouched_for(home: House) -> None:
    ann = home.make("ann")
    home.enrolled("bob")
    secret = home.enter("bob")
    after = home.accounts.reset_second_factor(actor(ann), as_(ann), "bob")
    assert (after.enrolled, after.recovery, after.vouched_by) == (False, (), ann.id)
    assert home.door.recognition.of(secret, "") is None


def test_an_address_and_a_providers_user_that_another_sets_are_vouched_for(home: House) -> None:
    """By either somebody may get in (``link_by_email``)."""
    ann = home.make("ann")
    home.make("bob")
    for changes in (
        AdministratorChanges(address="bob@acme.example"),
        AdministratorChanges(issuer="https://idp", subject="bob"),
    ):
        home.clock.pass_by(minutes=1)
        after = home.accounts.change(actor(ann), as_(ann), "bob", changes)
        assert (after.vouched_by, after.vouched_at) == (ann.id, home.clock.now())
    vouched = home.accounts.change(
        actor(ann), as_(ann), "bob", AdministratorChanges(address="b@acme.example")
    )
    assert vouched.vouched_at == after.vouched_at
    own = home.accounts.change(actor(ann), as_(ann), "ann", AdministratorChanges(address="ann@acme.example"))
    assert own.vouched_by == ann.vouched_by


def test_who_was_in_by_another_user_of_the_provider_is_not_any_more(home: House) -> None:
    home.enrolled("bob")
    first = AdministratorChanges(issuer="https://idp", subject="bobby")
    home.accounts.change(ROOT_ACTOR, ROOT, "bob", first)
    secret = home.enter("bob")
    home.accounts.change(ROOT_ACTOR, ROOT, "bob", AdministratorChanges(display_name="Bob"))
    assert home.door.recognition.of(secret, "") is not None
    home.accounts.change(ROOT_ACTOR, ROOT, "bob", AdministratorChanges(subject="bob"))
    assert home.door.recognition.of(secret, "") is None


def test_a_weak_password_is_no_ones(home: House) -> None:
    home.make("bob")
    with refused(Kind.MALFORMED):
        home.accounts.set_password(ROOT_ACTOR, ROOT, "bob", "password")


def test_ones_own_password_factor_and_identity_are_set_elsewhere(home: House) -> None:
    ann = home.make("ann")
    for act in (
        lambda: home.accounts.set_password(actor(ann), as_(ann), "ann", PASSWORD + "2"),
        lambda: home.accounts.reset_second_factor(actor(ann), as_(ann), "ann"),
        lambda: home.accounts.unlink(actor(ann), as_(ann), "ann"),
        lambda: home.accounts.change(
            actor(ann), as_(ann), "ann", AdministratorChanges(issuer="https://idp", subject="1")
        ),
    ):
        with refused(Kind.CONFLICT):
            act()


def test_the_last_owner_of_everything_stays_one(home: House) -> None:
    home.make("root")
    home.make("boss", AT_ACME)
    extra = home.make("both", OWNER, OPERATOR)
    home.accounts.change(ROOT_ACTOR, ROOT, "both", DISABLED)
    for act in (
        lambda: home.accounts.remove(ROOT_ACTOR, "root"),
        lambda: home.accounts.change(ROOT_ACTOR, ROOT, "root", DISABLED),
    ):
        with refused(Kind.CONFLICT):
            act()
    home.accounts.appoint(ROOT_ACTOR, ROOT, "root", OPERATOR)
    with refused(Kind.CONFLICT):
        home.accounts.dismiss(ROOT_ACTOR, "root", OWNER)
    enabled = AdministratorChanges(state=AdministratorState.ENABLED)
    home.accounts.change(ROOT_ACTOR, ROOT, extra.id, enabled)
    home.accounts.remove(ROOT_ACTOR, "root")
    with refused(Kind.CONFLICT):
        home.accounts.dismiss(ROOT_ACTOR, "both", OWNER)
    home.accounts.remove(ROOT_ACTOR, "boss")


def test_roles_are_given_once_and_taken_away_but_for_the_only_one(home: House) -> None:
    home.make("ann", OPERATOR)
    for _ in range(2):
        account = home.accounts.appoint(ROOT_ACTOR, ROOT, "ann", Appointment(Role.AUDITOR, "acme"))
    assert account.appointments == (OPERATOR, Appointment(Role.AUDITOR, ACME.id))
    assert len(home.trail(AuditTag.ADMINISTRATOR_APPOINTED)) == 1
    with refused(Kind.NOT_FOUND):
        home.accounts.dismiss(ROOT_ACTOR, "ann", OWNER)
    left = home.accounts.dismiss(ROOT_ACTOR, "ann", Appointment(Role.AUDITOR, "acme"))
    assert left.appointments == (OPERATOR,)
    with refused(Kind.CONFLICT):
        home.accounts.dismiss(ROOT_ACTOR, "ann", OPERATOR)


def test_what_changes_nothing_is_no_record(home: House) -> None:
    home.make("ann")
    home.accounts.change(ROOT_ACTOR, ROOT, "ann", AdministratorChanges(display_name="ann"))
    assert home.trail(AuditTag.ADMINISTRATOR_CHANGED) == []
    home.accounts.change(ROOT_ACTOR, ROOT, "ann", AdministratorChanges("Ann", "ann@acme.example"))
    (record,) = home.trail(AuditTag.ADMINISTRATOR_CHANGED)
    assert (record.before["display_name"], record.after["display_name"]) == ("ann", "Ann")


def test_issuer_and_subject_go_together(home: House) -> None:
    home.make("ann")
    with refused(Kind.MALFORMED):
        home.accounts.change(ROOT_ACTOR, ROOT, "ann", AdministratorChanges(issuer="https://idp"))
    both = AdministratorChanges(issuer="https://idp", subject="42")
    assert home.accounts.change(ROOT_ACTOR, ROOT, "ann", both).subject == "42"


def test_a_disabled_account_is_signed_out(home: House) -> None:
    home.make("root")
    home.enrolled("ann")
    secret = home.enter("ann")
    home.accounts.change(ROOT_ACTOR, ROOT, "ann", DISABLED)
    assert home.door.recognition.of(secret, "") is None


def test_accounts_of_one_person_are_linked_through_each_other(home: House) -> None:
    ann, two, three = (home.make(name) for name in ("ann", "two", "three"))
    home.accounts.link(ROOT_ACTOR, "two", "ann")
    home.accounts.link(ROOT_ACTOR, "two", "three")
    assert {each.person for each in home.accounts.list()} == {three.id}
    home.accounts.unlink(ROOT_ACTOR, ROOT, "three")
    people = {each.name: each.person for each in home.accounts.list()}
    assert people["three"] == three.id
    assert people["ann"] == people["two"] in (ann.id, two.id)


def test_linking_within_reach_separates_nobody_out_of_reach(home: House) -> None:
    boss, root, _ = home.make("boss", AT_ACME), home.make("root"), home.make("desk", OPERATOR)
    home.accounts.link(ROOT_ACTOR, "desk", "root")
    theirs = within(home, boss)
    with refused(Kind.FORBIDDEN):
        theirs.unlink(actor(boss), as_(boss), "desk")
    linked = theirs.link(actor(boss), "desk", "boss")
    assert home.accounts.get("root").person == linked.person == boss.id != root.id


def test_nobody_separates_their_own_accounts(home: House) -> None:
    ann = home.make("ann")
    home.make("second")
    home.accounts.link(ROOT_ACTOR, "second", "ann")
    with refused(Kind.CONFLICT):
        home.accounts.unlink(actor(ann), as_(ann), "second")
