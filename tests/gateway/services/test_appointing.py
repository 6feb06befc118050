"""Nobody gives more than they hold: permission by permission, scope by scope (T9, T25)."""

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import Domain, Group
from gateway.records.administrators import Administrator
from gateway.records.authority import MACHINE, Appointment, Authority, Permission, Reach, Role
from gateway.services.appointing import covers, placed, require_covered, require_no_more_than
from gateway.store import DatabaseStore
from tests.support.stores import ACME, GLOBEX, NOON

A, B = ACME.id, GLOBEX.id
OWNER, OPERATOR, HELP, VIEWER = Role.OWNER, Role.OPERATOR, Role.HELP_DESK, Role.VIEWER


def who(*appointments: Appointment, limits: frozenset[Permission] | None = None) -> Authority:
    return Authority("ann", appointments=appointments, limits=limits)


@pytest.mark.parametrize(
    ("holder", "given", "covered"),
    [
        (who(*MACHINE), Appointment(OWNER, full_wipe=True), True),
        (who(Appointment(OWNER)), Appointment(OWNER), True),
        (who(Appointment(OWNER)), Appointment(OPERATOR, A), True),
        (who(Appointment(OWNER)), Appointment(OPERATOR, A, full_wipe=True), False),
        (who(Appointment(OWNER)), Appointment(HELP, A, group="g-1"), True),
        (who(Appointment(OWNER, A)), Appointment(OWNER, A), True),
        (who(Appointment(OWNER, A)), Appointment(OWNER), False),
        (who(Appointment(OWNER, A)), Appointment(VIEWER, B), False),
        (who(Appointment(OWNER, A), Appointment(VIEWER)), Appointment(VIEWER, B), True),
        (who(Appointment(HELP)), Appointment(OWNER), False),
        (who(Appointment(HELP)), Appointment(VIEWER), True),
        (who(Appointment(HELP), Appointment(Role.POLICY_EDITOR)), Appointment(OPERATOR), False),
        (who(Appointment(HELP, A, domain="a.example")), Appointment(HELP, A, domain="a.example"), True),
        (who(Appointment(HELP, A, domain="a.example")), Appointment(HELP, A, domain="b.example"), False),
        (who(Appointment(HELP, A, domain="a.example")), Appointment(HELP, B, domain="a.example"), False),
        (who(Appointment(HELP, A, domain="a.example")), Appointment(HELP, A), False),
        (who(Appointment(HELP, A, group="g-1")), Appointment(HELP, A, group="g-1"), True),
        (who(Appointment(HELP, A, group="g-1")), Appointment(HELP, A, group="g-2"), False),
        (who(Appointment(OPERATOR, A), Appointment(VIEWER, B)), Appointment(OPERATOR, B), False),
        (who(), Appointment(VIEWER), False),
        (who(*MACHINE, limits=frozenset({Permission.ADMINISTRATOR_WRITE})), Appointment(VIEWER), False),
        (who(*MACHINE, limits=frozenset(Permission)), Appointment(OWNER), True),
    ],
)
def test_an_appointment_is_covered_by_what_is_held(
    holder: Authority, given: Appointment, covered: bool
) -> None:
    assert covers(holder, given) is covered
    if covered:
        require_covered(holder, [given])
    else:
        with pytest.raises(GatewayError) as refused:
            require_covered(holder, [given])
        assert refused.value.kind is Kind.FORBIDDEN


def test_who_could_become_it_may_not_do_less() -> None:
    wiper = Administrator(
        "a-1", "w", "W", NOON, "x", "a-1", appointments=(Appointment(OPERATOR, A, full_wipe=True),)
    )
    require_no_more_than(who(*MACHINE), wiper)
    with pytest.raises(GatewayError, match="may do what you may not"):
        require_no_more_than(who(Appointment(OWNER, A)), wiper)


@pytest.fixture
def furnished(store: DatabaseStore) -> DatabaseStore:
    with store.write() as transaction:
        for each in (ACME, GLOBEX):
            transaction.directory.add_organisation(each)
            transaction.directory.add_domain(Domain(f"{each.alias}.example", each.id))
            transaction.directory.add_group(Group(f"g-{each.alias}", each.id, "staff"))
    return store


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (Appointment(OWNER), Appointment(OWNER)),
        (Appointment(VIEWER, "acme"), Appointment(VIEWER, A)),
        (Appointment(HELP, A, domain=" ACME.example"), Appointment(HELP, A, domain="acme.example")),
        (Appointment(HELP, "acme", group="staff"), Appointment(HELP, A, group="g-acme")),
        (Appointment(HELP, "acme", group="g-acme"), Appointment(HELP, A, group="g-acme")),
        (Appointment(OPERATOR, A, full_wipe=True), Appointment(OPERATOR, A, full_wipe=True)),
    ],
)
def test_names_become_ids(furnished: DatabaseStore, typed: Appointment, meant: Appointment) -> None:
    with furnished.read() as transaction:
        assert placed(transaction, typed) == meant


@pytest.mark.parametrize(
    ("typed", "kind", "field"),
    [
        (Appointment(VIEWER, "nowhere"), Kind.NOT_FOUND, ""),
        (Appointment(HELP, domain="acme.example"), Kind.MALFORMED, "organisation"),
        (Appointment(HELP, A, "acme.example", "g-acme"), Kind.MALFORMED, "group"),
        (Appointment(HELP, A, domain="globex.example"), Kind.MALFORMED, "domain"),
        (Appointment(HELP, A, domain="no.example"), Kind.MALFORMED, "domain"),
        (Appointment(HELP, A, group="g-globex"), Kind.MALFORMED, "group"),
        (Appointment(HELP, A, group="nobody"), Kind.MALFORMED, "group"),
        (Appointment(VIEWER, A, full_wipe=True), Kind.MALFORMED, "full_wipe"),
        (Appointment(Role.APPROVER, full_wipe=True), Kind.MALFORMED, "full_wipe"),
    ],
)
def test_a_place_that_is_none_is_told_by_its_field(
    furnished: DatabaseStore, typed: Appointment, kind: Kind, field: str
) -> None:
    with pytest.raises(GatewayError) as refused, furnished.read() as transaction:
        placed(transaction, typed)
    assert refused.value.kind is kind
    assert list(refused.value.faults) == ([field] if field else [])


def test_what_is_out_of_reach_is_not_there(furnished: DatabaseStore) -> None:
    narrowed = furnished.within(Reach(organisations=frozenset({A})))
    with pytest.raises(GatewayError) as refused, narrowed.read() as transaction:
        placed(transaction, Appointment(VIEWER, "globex"))
    assert refused.value.kind is Kind.NOT_FOUND
