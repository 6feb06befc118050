"""API tokens: minted, listed, revoked (product 7.6; T9, T25, T28).

A token acts for the account that made it and never holds more: what it is given has to be the maker's, and is
held against what the maker has at each use (``services.recognition``). What may erase whole devices, or do
anything destructive unasked, is minted by that name, for named networks only. Every token expires.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any

from gateway.errors import GatewayError, Kind, malformed
from gateway.records import Actor, AuditTag
from gateway.records.administrators import Administrator, ApiToken
from gateway.records.authority import Appointment, Authority, Permission
from gateway.services.account_records import appointment_document, home_of
from gateway.services.acts import Act, Acts, Entry
from gateway.services.appointing import TOO_MUCH, placed, require_covered
from gateway.services.drawn_secrets import TOKEN, digest_of, draw_token
from gateway.services.names import require_text
from gateway.services.ports import Clock, KeySource, Store

LONGEST = timedelta(days=366)
MAXIMUM_NETWORKS = 50

NO_SCOPE = "Name permissions, appointments or both: a token for everything is none."
WIDEST = {4: 8, 6: 16}
"""Shortest prefix, by version of IP, of a network that says whence somebody comes."""

NO_NETWORK = (
    "A token that may erase devices or act unasked is for named networks only: /8 at most, /16 of IPv6."
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A token to be made.

    Attributes:
        limits: permissions; None for all that its appointments give.
        appointments: some of the maker's, or narrower ones; empty for the maker's as they change.
    """

    label: str
    expires_at: datetime
    limits: frozenset[Permission] | None = None
    appointments: Sequence[Appointment] = ()
    networks: Sequence[str] = ()
    destructive: bool = False


@dataclass(frozen=True, slots=True)
class Minted:
    """A fresh token; ``secret`` is shown this once and nowhere kept."""

    secret: str = field(repr=False)
    token: ApiToken


class Tokens:
    """Tokens: one's own by account, others' as far as the store reaches."""

    def __init__(self, store: Store, everything: Store, clock: Clock, keys: KeySource) -> None:
        """``everything``: the store with nothing out of reach, for one's own."""
        self._store = store
        self._everything = everything
        self._clock = clock
        self._acts = Acts(everything, clock)
        self._keys = keys

    def mint(self, actor: Actor, authority: Authority, account: str, wanted: Wanted) -> Minted:
        """Make a token for an account: the asker's own, or with the machine's authority anybody's.

        Raises:
            GatewayError: MALFORMED for what is no token; FORBIDDEN for more than the asker or the account
                holds; NOT_FOUND.
        """
        label, networks = require_text("label", wanted.label), _networks(wanted.networks)
        _require_end(wanted.expires_at, self._clock.now())
        with self._store.read() as transaction:
            given = tuple(placed(transaction, each) for each in wanted.appointments)
        secret, identity = draw_token(self._keys, TOKEN), self._keys.identity("t-")

        def work(entry: Entry) -> Minted:
            maker = _account(entry, account)
            _require_subset(authority, maker, wanted.limits, given)
            token = ApiToken(
                identity,
                label,
                digest_of(secret),
                maker.id,
                entry.now,
                actor.name,
                wanted.expires_at,
                wanted.limits,
                given,
                networks,
                not given,
                wanted.destructive,
            )
            _require_guarded(token)
            entry.transaction.api_tokens.add(token)
            entry.record(organisation=home_of(maker), target=identity, after=shown(token))
            return Minted(secret, token)

        return self._acts.perform(Act(AuditTag.TOKEN_MINTED, actor, "", label), work)

    def of(self, account: str) -> Sequence[ApiToken]:
        """All of one account."""
        with self._everything.read() as transaction:
            return transaction.api_tokens.of(account)

    def list(self, *, after: str = "", limit: int | None = None) -> Sequence[ApiToken]:
        """Those of every account within reach, by id, after that id."""
        with self._store.read() as transaction:
            return transaction.api_tokens.list(after=after, limit=limit)

    def own(self, account: str, identity: str) -> ApiToken:
        """A token of the account; NOT_FOUND for anybody else's."""
        with self._everything.read() as transaction:
            token = transaction.api_tokens.get(identity)
        if token is None or token.administrator != account:
            raise _missing()
        return token

    def get(self, identity: str) -> ApiToken:
        """A token within reach; NOT_FOUND."""
        with self._store.read() as transaction:
            token = transaction.api_tokens.get(identity)
        if token is None:
            raise _missing()
        return token

    def revoke(self, actor: Actor, known: ApiToken) -> ApiToken:
        """Take a token back that ``own`` or ``get`` found, for good; it holds no more at the next request."""

        def work(entry: Entry) -> ApiToken:
            token = entry.transaction.api_tokens.get(known.id)
            if token is None:
                raise _missing()
            if not token.revoked:
                maker = entry.transaction.administrators.account(token.administrator)
                entry.transaction.api_tokens.revoke(token.id)
                entry.record(organisation=home_of(maker), before=shown(token))
            return replace(token, revoked=True)

        return self._acts.perform(Act(AuditTag.TOKEN_REVOKED, actor, "", known.id), work)


def shown(token: ApiToken) -> dict[str, Any]:
    """A token as the audit trail shows it."""
    limits = None if token.limits is None else sorted(each.value for each in token.limits)
    return {
        "label": token.label,
        "administrator": token.administrator,
        "permissions": limits,
        "appointments": [appointment_document(each) for each in token.appointments],
        "networks": list(token.networks),
        "destructive": token.destructive,
        "expires_at": token.expires_at.isoformat(),
    }


def _account(entry: Entry, identity: str) -> Administrator:
    account = entry.transaction.administrators.account(identity)
    if account is None or not account.enabled:
        raise GatewayError(Kind.NOT_FOUND, "There is no such administrator.")
    return account


def _require_end(expires_at: datetime, now: datetime) -> None:
    if expires_at.tzinfo is None or not now < expires_at <= now + LONGEST:
        raise malformed(
            "expires_at", f"In the future, {LONGEST.days} days from now at most, with its offset."
        )


def _networks(texts: Sequence[str]) -> tuple[str, ...]:
    try:
        networks = tuple(dict.fromkeys(str(ip_network(each.strip())) for each in texts))
    except ValueError:
        raise malformed("networks", "Each is an address or a network such as 192.0.2.0/24.") from None
    if len(networks) > MAXIMUM_NETWORKS:
        raise malformed("networks", f"At most {MAXIMUM_NETWORKS}.")
    return networks


def _require_subset(
    authority: Authority,
    maker: Administrator,
    limits: frozenset[Permission] | None,
    given: tuple[Appointment, ...],
) -> None:
    if not limits and not given:
        raise malformed("permissions", NO_SCOPE)
    own = Authority(maker.name, appointments=maker.appointments)
    require_covered(authority, given)
    require_covered(own, given)
    if not all(authority.holds(each) and own.holds(each) for each in limits or ()):
        raise GatewayError(Kind.FORBIDDEN, TOO_MUCH)


def _require_guarded(token: ApiToken) -> None:
    """Appointments of its own name their full wipe themselves; those of the maker need it as a limit."""
    full = any(Permission.WIPE_FULL in each.permissions for each in token.appointments)
    limited = token.limits is not None and Permission.WIPE_FULL not in token.limits
    erases = (full and not limited) or Permission.WIPE_FULL in (token.limits or ())
    named = [ip_network(each) for each in token.networks]
    placed_well = named and all(each.prefixlen >= WIDEST[each.version] for each in named)
    if (erases or token.destructive) and not placed_well:
        raise malformed("networks", NO_NETWORK)


def _missing() -> GatewayError:
    return GatewayError(Kind.NOT_FOUND, "There is no such token.")
