"""Reading what the snapshots hold: one transaction for a partnership with its user, organisation and policy.

Off the hot path: at first sight, after a change, and while the change feed is silent (house.md 4a).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.errors import GatewayError, Kind
from gateway.records import BackendKey, Organisation, User
from gateway.services.devices import DeviceService
from gateway.services.effective import Effectives, is_planning
from gateway.services.enrolment import TooManyDevices
from gateway.services.login import Principal
from gateway.services.partnerships import look_up
from gateway.services.ports import Store, Transaction
from gateway.services.routing import backend_of_address, own_route
from gateway.services.rule_sets import RuleSets
from gateway.services.snapshots import Known, OrganisationView
from mdm.device import Device, DeviceKey
from mdm.query import CommandRequest
from mdm.rules import RuleSet


@dataclass(frozen=True, slots=True)
class Read:
    """A partnership's surroundings, as stored.

    Attributes:
        backend: name of the one that has the mailbox.
        peer: what that one gave for the device, if it provisions on its own.
        groups: ids of the user's groups, nested ones included.
    """

    user: User
    organisation: Organisation
    view: OrganisationView
    backend: str
    groups: frozenset[str] = frozenset()
    peer: BackendKey | None = None

    def known(self, device: Device) -> Known:
        """The partnership in these surroundings."""
        return Known(device, self.user, self.view, self.backend, self.groups, self.peer)


@dataclass(slots=True)
class _Home:
    """What one transaction has read of an organisation."""

    organisation: Organisation
    rules: RuleSet
    effectives: Effectives
    planning: bool
    peers: bool
    views: dict[str, OrganisationView] = field(default_factory=dict)

    def view(self, key: DeviceKey) -> OrganisationView:
        """The organisation as the device sees it; one for all that are under the same policies."""
        effective = self.effectives.of(key)
        if effective.names not in self.views:
            self.views[effective.names] = OrganisationView(
                self.organisation, effective.policy, effective.names, self.rules, self.planning
            )
        return self.views[effective.names]


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
        return self.surroundings(principal, request.device_id).known(device)

    def surroundings(self, principal: Principal, device_id: str = "") -> Read:
        """User, organisation and route of somebody who signed in, and the policy of the device, if there is
        one."""
        with self._store.read() as transaction:
            return _Reading(transaction, self._rule_sets).surroundings(principal, device_id)

    def regimes(self, organisations: Iterable[str]) -> Mapping[str, tuple[Organisation, RuleSet]]:
        """What decides in these organisations: their settings and their rules; those that are gone are not
        there."""
        with self._store.read() as transaction:
            found = [transaction.directory.organisation(identity) for identity in organisations]
            present = [home for home in found if home is not None]
            return {home.id: (home, self._rule_sets.of(transaction, home)) for home in present}

    def known_again(self, keys: Iterable[DeviceKey]) -> Sequence[tuple[DeviceKey, Known | None]]:
        """Partnerships that may have changed, None for those that are gone; one transaction for all."""
        wanted = tuple(keys)
        with self._store.read() as transaction:
            reading = _Reading(transaction, self._rule_sets)
            reading.expect(wanted)
            return [(key, reading.again(key)) for key in wanted]


class _Reading:
    """One transaction's reads: what partnerships share is read once, for one moment."""

    def __init__(self, transaction: Transaction, rule_sets: RuleSets) -> None:
        self._transaction = transaction
        self._rule_sets = rule_sets
        self._homes: dict[str, _Home] = {}
        self._backends: dict[tuple[str, str], str] = {}

    def expect(self, keys: Sequence[DeviceKey]) -> None:
        """Read the policies of many users at once."""
        for organisation in {key.organisation for key in keys}:
            home = self._home(organisation)
            if home is not None:
                home.effectives.expect({key.user for key in keys if key.organisation == organisation})

    def surroundings(self, principal: Principal, device_id: str = "") -> Read:
        directory = self._transaction.directory
        user = directory.user(principal.user)
        home = self._home(principal.organisation)
        if user is None or home is None:
            raise GatewayError(Kind.NOT_FOUND, "There is no such user any more.")
        groups = directory.groups_of(user.id)
        backend = own_route(user, groups) or self._domain_backend(home.organisation, user.address)
        member_of = frozenset(group.id for group in groups)
        home.effectives.place(user.id, user.address.rpartition("@")[2], member_of)
        key = DeviceKey(principal.organisation, user.id, device_id)
        peer = self._transaction.backend_keys.get(key, backend) if home.peers else None
        return Read(user, home.organisation, home.view(key), backend, member_of, peer)

    def again(self, key: DeviceKey) -> Known | None:
        device = look_up(self._transaction.devices, key)
        if device is None:
            return None
        try:
            return self.surroundings(Principal(key.organisation, key.user), key.device_id).known(device)
        except GatewayError:
            return None

    def _domain_backend(self, organisation: Organisation, address: str) -> str:
        key = organisation.id, address.rpartition("@")[2]
        if key not in self._backends:
            self._backends[key] = backend_of_address(self._transaction.directory, organisation, address)
        return self._backends[key]

    def _home(self, identity: str) -> _Home | None:
        if identity not in self._homes:
            organisation = self._transaction.directory.organisation(identity)
            if organisation is None:
                return None
            self._homes[identity] = _Home(
                organisation,
                self._rule_sets.of(self._transaction, organisation),
                Effectives(self._transaction, identity),
                is_planning(self._transaction, identity),
                self._transaction.backend_keys.any(identity),
            )
        return self._homes[identity]
