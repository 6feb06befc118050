"""Reading what the snapshots hold: one transaction for a partnership with its user, organisation and policy.

Off the hot path: at first sight, after a change, and while the change feed is silent (house.md 4a).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.errors import GatewayError, Kind
from gateway.records import Organisation, User
from gateway.services.devices import DeviceService
from gateway.services.enrolment import TooManyDevices
from gateway.services.login import Principal
from gateway.services.partnerships import look_up
from gateway.services.policies import effective_policy
from gateway.services.ports import Store, Transaction
from gateway.services.routing import backend_of_address, own_route
from gateway.services.rule_sets import RuleSets
from gateway.services.snapshots import NO_RULES, Known, OrganisationView
from mdm.device import Device, DeviceKey
from mdm.policy import Policy
from mdm.query import CommandRequest
from mdm.rules import RuleSet


@dataclass(frozen=True, slots=True)
class Read:
    """A partnership's surroundings, as stored.

    Attributes:
        backend: name of the one that has the mailbox.
        groups: ids of the user's groups, nested ones included.
    """

    user: User
    organisation: Organisation
    policy: Policy
    backend: str
    groups: frozenset[str] = frozenset()
    rules: RuleSet = NO_RULES

    def known(self, device: Device, view: OrganisationView | None = None) -> Known:
        """The partnership in these surroundings."""
        seen = view or OrganisationView(self.organisation, self.policy, rules=self.rules)
        return Known(device, self.user, seen, self.backend, self.groups)


class Recollection:
    """Reads from the store what judges a request."""

    def __init__(self, store: Store, devices: DeviceService) -> None:
        self._store = store
        self._devices = devices
        self._rule_sets = RuleSets()

    def known(
        self, principal: Principal, request: CommandRequest, *, ip: str, user_agent: str
    ) -> Known | TooManyDevices:
        """The partnership behind a request, made at first sight.

        Raises:
            GatewayError: NOT_FOUND when organisation or user are gone; UNAVAILABLE without a database.
        """
        device = self._devices.admit(principal, request, ip=ip, user_agent=user_agent)
        if isinstance(device, TooManyDevices):
            return device
        return self.surroundings(principal).known(device)

    def surroundings(self, principal: Principal) -> Read:
        """User, organisation and route of somebody who signed in, whatever their device."""
        with self._store.read() as transaction:
            return _Reading(transaction, self._rule_sets).surroundings(principal)

    def known_again(self, keys: Iterable[DeviceKey]) -> Sequence[tuple[DeviceKey, Known | None]]:
        """Partnerships that may have changed, None for those that are gone; one transaction for all."""
        with self._store.read() as transaction:
            reading = _Reading(transaction, self._rule_sets)
            return [(key, reading.again(key)) for key in keys]


class _Reading:
    """One transaction's reads: what partnerships share is read once, for one moment."""

    def __init__(self, transaction: Transaction, rule_sets: RuleSets) -> None:
        self._transaction = transaction
        self._rule_sets = rule_sets
        self._views: dict[str, OrganisationView] = {}
        self._backends: dict[tuple[str, str], str] = {}

    def surroundings(self, principal: Principal) -> Read:
        directory = self._transaction.directory
        user = directory.user(principal.user)
        view = self._view(principal.organisation)
        if user is None or view is None:
            raise GatewayError(Kind.NOT_FOUND, "There is no such user any more.")
        groups = directory.groups_of(user.id)
        backend = own_route(user, groups) or self._domain_backend(view.organisation, user.address)
        member_of = frozenset(group.id for group in groups)
        return Read(user, view.organisation, view.policy, backend, member_of, view.rules)

    def again(self, key: DeviceKey) -> Known | None:
        device = look_up(self._transaction.devices, key)
        if device is None:
            return None
        try:
            read = self.surroundings(Principal(key.organisation, key.user))
        except GatewayError:
            return None
        return read.known(device, self._views[key.organisation])

    def _domain_backend(self, organisation: Organisation, address: str) -> str:
        key = organisation.id, address.rpartition("@")[2]
        if key not in self._backends:
            self._backends[key] = backend_of_address(self._transaction.directory, organisation, address)
        return self._backends[key]

    def _view(self, identity: str) -> OrganisationView | None:
        if identity not in self._views:
            organisation = self._transaction.directory.organisation(identity)
            if organisation is None:
                return None
            policy = effective_policy(self._transaction, identity)
            rules = self._rule_sets.of(self._transaction, organisation)
            self._views[identity] = OrganisationView(organisation, policy, rules=rules)
        return self._views[identity]
