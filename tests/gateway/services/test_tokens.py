"""Tokens: no more than the maker's, for named networks where they may do harm, never endless (T9, T25)."""

from datetime import datetime, timedelta

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag
from gateway.records.authority import MACHINE, Appointment, Authority, Permission, Reach, Role
from gateway.services.tokens import LONGEST, Tokens, Wanted
from gateway.store import DatabaseStore
from tests.support.accounts import OWNER, ROOT, ROOT_ACTOR, House, house
from tests.support.stores import ACME, GLOBEX, NOON

SOON = NOON + timedelta(days=30)
READ = frozenset({Permission.USER_READ})
HERE = ("192.0.2.0/24",)
WIPER = Appointment(Role.OPERATOR, ACME.id, full_wipe=True)


@pytest.fixture(name="home")
def _home(store: DatabaseStore) -> House:
    return house(store)


def mint(home: House, authority: Authority, wanted: Wanted) -> str:
    account = authority.account or home.accounts.get("ann").id
    return home.tokens.mint(Actor("admin", authority.name), authority, account, wanted).secret


def as_(home: House, name: str) -> Authority:
    account = home.accounts.get(name)
    return Authority(account.name, account.person, account.appointments, None, True, account.id, "s-1")


def refused(home: House, authority: Authority, wanted: Wanted) -> GatewayError:
    with pytest.raises(GatewayError) as error:
        mint(home, authority, wanted)
    assert home.tokens.list() == []
    return error.value


def test_a_token_is_shown_once_and_its_digest_kept(home: House) -> None:
    home.make("ann")
    minted = home.tokens.mint(
        ROOT_ACTOR, ROOT, home.accounts.get("ann").id, Wanted(" CI ", SOON, READ, networks=HERE)
    )
    assert minted.secret.startswith("usht_")
    assert (minted.token.label, minted.token.created_by) == ("CI", "cli:root")
    (record,) = home.trail(AuditTag.TOKEN_MINTED)
    assert record.after["permissions"] == ["user:read"]
    shown = repr(minted) + str(record) + repr(home.tokens.list())
    assert minted.secret not in shown and minted.token.digest not in shown


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (Wanted("", SOON, READ), "label"),
        (Wanted("x", NOON, READ), "expires_at"),
        (Wanted("x", NOON + LONGEST + timedelta(seconds=1), READ), "expires_at"),
        (Wanted("x", datetime(2026, 4, 1), READ), "expires_at"),  # noqa: DTZ001 - that is the fault
        (Wanted("x", SOON), "permissions"),
        (Wanted("x", SOON, frozenset()), "permissions"),
        (Wanted("x", SOON, READ, networks=("everywhere",)), "networks"),
        (Wanted("x", SOON, READ, networks=("192.0.2.1/24",)), "networks"),
        (Wanted("x", SOON, READ, networks=tuple(f"10.0.0.{n}" for n in range(51))), "networks"),
        (Wanted("x", SOON, READ, destructive=True), "networks"),
        (Wanted("x", SOON, READ, networks=("0.0.0.0/0",), destructive=True), "networks"),
        (Wanted("x", SOON, READ, networks=(*HERE, "2000::/3"), destructive=True), "networks"),
        (Wanted("x", SOON, frozenset({Permission.WIPE_FULL})), "networks"),
        (Wanted("x", SOON, appointments=(WIPER,)), "networks"),
    ],
)
def test_what_is_no_token_is_told_by_its_field(home: House, wanted: Wanted, field: str) -> None:
    home.make("ann", *MACHINE)
    error = refused(home, as_(home, "ann"), wanted)
    assert (error.kind, list(error.faults)) == (Kind.MALFORMED, [field])


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted("x", NOON + LONGEST, READ),
        Wanted("x", SOON, frozenset({Permission.WIPE_FULL}), networks=HERE),
        Wanted("x", SOON, appointments=(WIPER,), networks=("192.0.2.9", "2001:db8::/32")),
        Wanted("x", SOON, READ, appointments=(WIPER,)),
        Wanted("x", SOON, READ, networks=HERE, destructive=True),
    ],
)
def test_what_is_one(home: House, wanted: Wanted) -> None:
    home.make("ann", *MACHINE)
    assert mint(home, as_(home, "ann"), wanted)


@pytest.mark.parametrize(
    ("wanted", "kind"),
    [
        (Wanted("x", SOON, frozenset({Permission.ADMINISTRATOR_WRITE})), Kind.FORBIDDEN),
        (Wanted("x", SOON, frozenset({Permission.WIPE_FULL}), networks=HERE), Kind.FORBIDDEN),
        (Wanted("x", SOON, READ | {Permission.AUDIT_READ}), Kind.FORBIDDEN),
        (Wanted("x", SOON, appointments=(OWNER,)), Kind.FORBIDDEN),
        (Wanted("x", SOON, READ, appointments=(Appointment(Role.VIEWER),)), Kind.FORBIDDEN),
        (Wanted("x", SOON, READ, appointments=(Appointment(Role.VIEWER, GLOBEX.id),)), Kind.FORBIDDEN),
        (Wanted("x", SOON, READ, appointments=(WIPER,), networks=HERE), Kind.FORBIDDEN),
        (Wanted("x", SOON, READ, appointments=(Appointment(Role.VIEWER, "no"),)), Kind.NOT_FOUND),
    ],
)
def test_a_token_is_never_wider_than_its_maker(home: House, wanted: Wanted, kind: Kind) -> None:
    home.make("ann", Appointment(Role.OPERATOR, ACME.id))
    assert refused(home, as_(home, "ann"), wanted).kind is kind
    assert home.trail(AuditTag.TOKEN_MINTED) == []


def test_nor_than_the_account_it_is_made_for(home: House) -> None:
    home.make("ann", Appointment(Role.VIEWER))
    wanted = Wanted("x", SOON, frozenset({Permission.USER_WRITE}))
    assert refused(home, ROOT, wanted).kind is Kind.FORBIDDEN


def test_what_is_out_of_the_makers_reach_is_not_there(home: House) -> None:
    home.make("ann", Appointment(Role.OPERATOR, ACME.id))
    narrowed = home.store.within(Reach(organisations=frozenset({ACME.id})))
    tokens = Tokens(narrowed, home.store, home.clock, home.accounts._keys)
    who = as_(home, "ann")
    with pytest.raises(GatewayError) as error:
        foreign = (Appointment(Role.VIEWER, "globex"),)
        tokens.mint(ROOT_ACTOR, who, who.account, Wanted("x", SOON, READ, foreign))
    assert error.value.kind is Kind.NOT_FOUND


def test_nobody_has_no_tokens(home: House) -> None:
    with pytest.raises(GatewayError) as error:
        home.tokens.mint(ROOT_ACTOR, ROOT, "a-none", Wanted("x", SOON, READ))
    assert error.value.kind is Kind.NOT_FOUND


def test_ones_own_are_told_from_others(home: House) -> None:
    for name in ("ann", "bob"):
        home.make(name)
        mint(home, as_(home, name), Wanted(name, SOON, READ))
    ann, bob = home.accounts.get("ann").id, home.accounts.get("bob").id
    (his,) = home.tokens.of(bob)
    assert [each.label for each in home.tokens.of(ann)] == ["ann"]
    with pytest.raises(GatewayError) as error:
        home.tokens.own(ann, his.id)
    assert error.value.kind is Kind.NOT_FOUND
    assert home.tokens.own(bob, his.id) == home.tokens.get(his.id) == his
    assert len(home.tokens.list()) == 2


def test_a_token_is_revoked_once(home: House) -> None:
    home.make("ann")
    mint(home, as_(home, "ann"), Wanted("x", SOON, READ))
    (token,) = home.tokens.list()
    for _ in range(2):
        assert home.tokens.revoke(ROOT_ACTOR, token).revoked
    (record,) = home.trail(AuditTag.TOKEN_REVOKED)
    assert record.target == token.id
    with pytest.raises(GatewayError) as error:
        home.tokens.get("t-none")
    assert error.value.kind is Kind.NOT_FOUND
