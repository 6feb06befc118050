"""Access rules before AutoDiscover (product 6.3): by network, user and user agent, in the one engine.

Whoever is barred stays signed in, but as somebody who owns no mailbox: every question is then answered as an
unknown address is, by the same code and in the same time, so the answer tells nobody that a rule exists. Only
rules that name a protocol speak here, and only block bars; an organisation without such a rule costs a look
into a table.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from gateway.endpoints.headers import read_headers
from gateway.endpoints.middleware import TRACE
from gateway.endpoints.threads import Threads
from gateway.proxy.asgi import Message
from gateway.records import Change, Organisation, Scope, User
from gateway.services.decisions import discovery_standing
from gateway.services.discovery import Signed
from gateway.services.login import Principal
from gateway.services.ports import Store, Transaction
from gateway.services.rule_sets import RuleSets
from gateway.services.standing import facts_of, standing_of
from mdm.access import decide
from mdm.criteria import AUTODISCOVER
from mdm.device import AccessLevel, Device, DeviceKey
from mdm.rules import RuleSet

MAXIMUM_VISITORS = 20_000
"""Visitors remembered by one process, of organisations whose rules name a protocol."""

NOBODY = ""
"""User id of somebody who owns no mailbox."""

Authenticate = Callable[[Message], Awaitable[Principal | None]]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who signed in, with what decides; ``rules`` without a rule lets everybody through."""

    rules: RuleSet
    organisation: Organisation
    user: User | None
    groups: frozenset[str] = frozenset()

    def barred(self, ip: str, user_agent: str, now: datetime) -> bool:
        """Whether a request from there is answered as an unknown address is."""
        if self.user is None or not self.rules.rules:
            return False
        key = DeviceKey(self.organisation.id, self.user.id, "")
        nothing = Device(key, "", "", now, now)
        facts = facts_of(nothing, self.user, self.groups, ip, AUTODISCOVER, user_agent=user_agent)
        standing = standing_of(nothing, self.user, self.organisation, self.rules.ask(facts))
        return decide(discovery_standing(standing), now).level is AccessLevel.BLOCK


class DiscoveryGate:
    """Signs in, and bars.

    Args:
        trusted: whether the change feed can be believed at a time; ``monotonic`` tells that time.
        now: seconds since the epoch.
    """

    def __init__(
        self,
        store: Store,
        threads: Threads,
        trusted: Callable[[float], bool],
        monotonic: Callable[[], float],
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._threads = threads
        self._trusted = trusted
        self._monotonic = monotonic
        self._now = now
        self._rule_sets = RuleSets()
        self._visitors: OrderedDict[tuple[str, str], Visitor] = OrderedDict()
        self._free: set[str] = set()
        self._heard = 0

    async def signed(self, authenticate: Authenticate, scope: Message) -> Principal | None:
        """Who sent a request, as far as AutoDiscover may know; raises as ``authenticate``."""
        principal = await authenticate(scope)
        if principal is None:
            return None
        return replace(principal, user=NOBODY) if await self.bars(principal, scope) else principal

    async def bars(self, visitor: Signed, scope: Message) -> bool:
        """Whether a rule keeps this user from being told anything on this request."""
        known = await self._visitor(visitor)
        if known is None:
            return False
        agent = read_headers(scope["headers"]).user_agent
        return known.barred(scope[TRACE].client, agent, datetime.fromtimestamp(self._now(), UTC))

    def drop(self, changes: Iterable[Change]) -> None:
        """Forget whatever ``changes`` may have made wrong."""
        concerned = {change.organisation for change in changes if change.scope is not Scope.DEVICE}
        if concerned:
            self._heard += 1
            self._free -= concerned
            for key in [key for key in self._visitors if key[0] in concerned]:
                del self._visitors[key]

    def clear(self) -> None:
        """Forget everything: the feed lost its place."""
        self._heard += 1
        self._free.clear()
        self._visitors.clear()

    async def _visitor(self, principal: Signed) -> Visitor | None:
        """None for somebody whom no rule can bar."""
        key = principal.organisation, principal.user
        if self._trusted(self._monotonic()):
            if principal.organisation in self._free:
                return None
            if key in self._visitors:
                return self._visitors[key]
        heard = self._heard
        visitor = await self._threads.store(self._read, *key)
        if visitor is not None and heard == self._heard:
            self._keep(key, visitor)
        return visitor

    def _keep(self, key: tuple[str, str], visitor: Visitor) -> None:
        if not visitor.rules.rules:
            self._free.add(key[0])
            return
        self._visitors[key] = visitor
        if len(self._visitors) > MAXIMUM_VISITORS:
            self._visitors.popitem(last=False)

    def _read(self, organisation: str, user: str) -> Visitor | None:
        with self._store.read() as transaction:
            home = transaction.directory.organisation(organisation)
            if home is None:
                return None
            rules = self._rule_sets.of(transaction, home).naming("protocol")
            if not rules.rules:
                return Visitor(rules, home, None)
            return Visitor(rules, home, transaction.directory.user(user), _groups(transaction, user))


def _groups(transaction: Transaction, user: str) -> frozenset[str]:
    return frozenset(group.id for group in transaction.directory.groups_of(user))
