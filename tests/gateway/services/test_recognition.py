"""Who shows a secret: asked anew at each request (T24, T25, T29)."""

from datetime import timedelta

import pytest

from gateway.config import Admin
from gateway.errors import GatewayError, Kind
from gateway.records import Domain
from gateway.records.administrators import AdministratorState, ApiToken
from gateway.records.authority import Appointment, Permission, Role
from gateway.services.administrators import AdministratorChanges
from gateway.services.recognition import allowed_from
from gateway.services.tokens import Minted, Wanted
from gateway.store import DatabaseStore
from tests.support.accounts import ELSEWHERE, HOME, OWNER, ROOT, ROOT_ACTOR, House, house
from tests.support.stores import ACME

READ = frozenset({Permission.USER_READ})


@pytest.fixture(name="home")
def _home(store: DatabaseStore) -> House:
    return house(store)


def minted(home: House, name: str = "ann", **wanted: object) -> Minted:
    account = home.accounts.get(name)
    expires = home.clock.now() + timedelta(days=30)
    given = Wanted("ci", **{"expires_at": expires, "limits": READ, **wanted})  # type: ignore[arg-type]
    return home.tokens.mint(ROOT_ACTOR, ROOT, account.id, given)


def token_of(home: House, made: Minted) -> ApiToken:
    return home.tokens.get(made.token.id)


def test_a_session_is_its_account_with_all_that_it_holds(home: House) -> None:
    ann = home.enrolled("ann", OWNER, Appointment(Role.AUDITOR, ACME.id))
    who = home.authority(home.enter("ann"))
    assert (who.name, who.person, who.account) == ("ann", ann.person, ann.id)
    assert who.appointments == ann.appointments
    assert (who.limits, who.confirmed, who.credential[:2]) == (None, True, "s-")


def test_without_a_second_factor_it_holds_its_own_affairs_alone(home: House) -> None:
    home.make("ann")
    who = home.authority(home.enter("ann", enrolled=False))
    assert [each for each in Permission if who.holds(each)] == [Permission.SELF]


def test_unless_none_is_required(store: DatabaseStore) -> None:
    home = house(store, Admin(require_second_factor=False))
    home.make("ann")
    assert home.authority(home.enter("ann", enrolled=False)).limits is None


@pytest.mark.parametrize(
    "secret", ["", "x", "ushs_", "usht_", "ushs_" + "A" * 43, "usht_" + "A" * 43, "ushs_é"]
)
def test_anything_else_is_nobody(home: House, secret: str) -> None:
    home.enrolled("ann")
    home.enter("ann")
    assert home.door.recognition.of(secret, HOME) is None


def test_a_digest_is_not_the_secret(home: House) -> None:
    home.enrolled("ann")
    made = minted(home)
    for prefix in ("", "usht_"):
        assert home.door.recognition.of(prefix + made.token.digest, HOME) is None


def test_a_session_ends_after_a_pause(home: House) -> None:
    home.enrolled("ann")
    secret = home.enter("ann")
    for _ in range(5):
        home.clock.pass_by(minutes=28)
        assert home.authority(secret)
    home.clock.pass_by(minutes=31)
    assert home.door.recognition.of(secret, HOME) is None


def test_what_a_page_asks_by_itself_keeps_no_session(home: House) -> None:
    home.enrolled("ann")
    secret = home.enter("ann")
    for _ in range(2):
        home.clock.pass_by(minutes=14)
        assert home.door.recognition.of(secret, HOME, attended=False) is not None
    home.clock.pass_by(minutes=2)
    assert home.door.recognition.of(secret, HOME, attended=False) is None
    assert home.door.recognition.of(secret, HOME) is None


def test_and_after_a_day_of_work_however_busy(home: House) -> None:
    home.enrolled("ann")
    secret = home.enter("ann")
    for _ in range(35):
        home.clock.pass_by(minutes=20)
        assert home.authority(secret)
    home.clock.pass_by(minutes=20)
    assert home.door.recognition.of(secret, HOME) is None


def test_both_spans_are_settings(store: DatabaseStore) -> None:
    home = house(store, Admin(session_idle_s=120, session_s=300))
    home.enrolled("ann")
    secret = home.enter("ann")
    home.clock.pass_by(seconds=61)
    assert home.door.recognition.of(secret, HOME) is None
    secret = home.enter("ann")
    for seconds in (59, 119):
        home.clock.pass_by(seconds=seconds)
        assert home.authority(secret)
    home.clock.pass_by(seconds=62)
    assert home.door.recognition.of(secret, HOME) is None


def test_destructive_acts_follow_for_five_minutes(home: House) -> None:
    home.enrolled("ann")
    secret = home.enter("ann")
    home.clock.pass_by(minutes=3, seconds=59)
    assert home.authority(secret).confirmed
    home.clock.pass_by(seconds=1)
    assert not home.authority(secret).confirmed


def test_last_seen_is_written_once_a_minute(home: House) -> None:
    ann = home.enrolled("ann")
    secret = home.enter("ann")
    seen = []
    for _ in range(4):
        home.clock.pass_by(seconds=25)
        home.authority(secret)
        seen.append(home.door.signing_in.sessions(ann.id)[-1].seen_at)
    assert len(set(seen)) == 2


def test_a_token_is_its_account_within_its_limits(home: House) -> None:
    ann = home.make("ann")
    made = minted(home)
    who = home.authority(made.secret)
    assert (who.name, who.person, who.account, who.credential) == ("ann", ann.person, ann.id, made.token.id)
    assert [each for each in Permission if who.holds(each)] == [Permission.USER_READ]
    assert not who.confirmed


def test_a_token_minted_for_destructive_acts_is_confirmed(home: House) -> None:
    home.make("ann")
    made = minted(home, destructive=True, networks=("192.0.2.0/24",))
    assert home.authority(made.secret, HOME).confirmed


def test_a_token_is_used_where_it_may_be(home: House) -> None:
    home.make("ann")
    made = minted(home, networks=("192.0.2.0/24", "2001:db8::/32"))
    for address in (HOME, "::ffff:192.0.2.9", "2001:db8:1::1"):
        assert home.authority(made.secret, address)
    for address in (ELSEWHERE, "", "unknown", "2001:db9::1", "::ffff:198.51.100.1"):
        assert home.door.recognition.of(made.secret, address) is None


def test_a_token_expires_to_the_moment(home: House) -> None:
    home.make("ann")
    made = minted(home, expires_at=home.clock.now() + timedelta(hours=1))
    home.clock.pass_by(minutes=59, seconds=59)
    assert home.authority(made.secret)
    home.clock.pass_by(seconds=1)
    assert home.door.recognition.of(made.secret, HOME) is None


def test_revoked_disabled_and_removed_hold_at_the_next_request(home: House) -> None:
    home.make("root")
    home.make("ann")
    one, two = minted(home), minted(home)
    assert home.authority(one.secret) and home.authority(two.secret)
    home.tokens.revoke(ROOT_ACTOR, one.token)
    assert home.door.recognition.of(one.secret, HOME) is None
    for state, known in ((AdministratorState.DISABLED, False), (AdministratorState.ENABLED, True)):
        home.accounts.change(ROOT_ACTOR, ROOT, "ann", AdministratorChanges(state=state))
        assert (home.door.recognition.of(two.secret, HOME) is not None) is known
    home.accounts.remove(ROOT_ACTOR, "ann")
    assert home.door.recognition.of(two.secret, HOME) is None


def test_what_the_maker_lost_the_token_lost(home: House) -> None:
    operator, viewer = Appointment(Role.OPERATOR, ACME.id), Appointment(Role.VIEWER)
    home.make("ann", operator, viewer)
    narrow = Appointment(Role.HELP_DESK, ACME.id)
    own = minted(home, limits=None, appointments=(narrow, Appointment(Role.VIEWER, ACME.id)))
    following = minted(home, limits=frozenset({Permission.USER_WRITE, Permission.USER_READ}))
    assert home.authority(own.secret).holds(Permission.DEVICE_WIPE)
    assert home.authority(following.secret).holds(Permission.USER_WRITE)
    home.accounts.dismiss(ROOT_ACTOR, "ann", operator)
    assert not home.authority(own.secret).holds(Permission.DEVICE_WIPE)
    assert home.authority(own.secret).holds(Permission.USER_READ)
    assert not home.authority(following.secret).holds(Permission.USER_WRITE)


def test_a_domain_that_moves_on_takes_no_token_along(home: House) -> None:
    with home.store.write() as transaction:
        transaction.directory.add_domain(Domain("acme.example", ACME.id))
    home.make("ann")
    scoped = Appointment(Role.HELP_DESK, ACME.id, domain="acme.example")
    made = minted(home, limits=None, appointments=(scoped, Appointment(Role.VIEWER, ACME.id)))
    assert len(home.authority(made.secret).appointments) == 2
    with home.store.write() as transaction:
        transaction.directory.remove_domain("acme.example")
        transaction.directory.add_domain(Domain("acme.example", "m-" + "b" * 32))
    assert len(home.authority(made.secret).appointments) == 1


def test_an_appointment_lost_by_a_removal_gives_a_token_no_more_than_before(home: House) -> None:
    """Without appointments of its own left it must not fall back to all that its maker has."""
    with home.store.write() as transaction:
        transaction.directory.add_domain(Domain("acme.example", ACME.id))
    home.make("ann")
    made = minted(
        home, limits=None, appointments=(Appointment(Role.HELP_DESK, ACME.id, domain="acme.example"),)
    )
    with home.store.write() as transaction:
        transaction.directory.remove_domain("acme.example")
    who = home.door.recognition.of(made.secret, HOME)
    assert who is None or not any(who.holds(each) for each in Permission)


def test_last_use_is_written_once_a_minute(home: House) -> None:
    home.make("ann")
    made = minted(home)
    began = home.clock.now()
    assert token_of(home, made).last_used_at is None
    home.authority(made.secret)
    home.clock.pass_by(seconds=59)
    home.authority(made.secret)
    assert token_of(home, made).last_used_at == began
    home.clock.pass_by(seconds=1)
    home.authority(made.secret)
    assert token_of(home, made).last_used_at == home.clock.now()


def test_a_store_that_cannot_write_keeps_nobody_out(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    home.make("ann")
    made = minted(home)

    def busy(_self: object) -> None:
        raise GatewayError(Kind.UNAVAILABLE)

    monkeypatch.setattr(DatabaseStore, "write", busy)
    assert home.authority(made.secret)


@pytest.mark.parametrize("address", ["", "no address", "192.0.2.0/24"])
def test_what_is_no_address_is_in_no_network(address: str) -> None:
    assert allowed_from((), address)
    assert not allowed_from(("0.0.0.0/0", "::/0"), address)
