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
from gateway.services.routing import backend_for
from gateway.services.snapshots import Known, OrganisationView
from mdm.device import Device, DeviceKey
from mdm.policy import Policy
from mdm.query import CommandRequest


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

    def known(self, device: Device, view: OrganisationView | None = None) -> Known:
        """The partnership in these surroundings."""
        seen = view or OrganisationView(self.organisation, self.policy)
        return Known(device, self.user, seen, self.backend, self.groups)


class Recollection:
    """Reads from the store what judges a request."""

    def __init__(self, store: Store, devices: DeviceService) -> None:
        self._store = store
        self._devices = devices

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
            return _surroundings(transaction, principal)

    def known_again(self, keys: Iterable[DeviceKey]) -> Sequence[tuple[DeviceKey, Known | None]]:
        """Partnerships that may have changed, None for those that are gone; one transaction for all."""
        views: dict[str, OrganisationView] = {}
        with self._store.read() as transaction:
            return [(key, _again(transaction, key, views)) for key in keys]


def _surroundings(transaction: Transaction, principal: Principal) -> Read:
    user = transaction.directory.user(principal.user)
    organisation = transaction.directory.organisation(principal.organisation)
    if user is None or organisation is None:
        raise GatewayError(Kind.NOT_FOUND, "There is no such user any more.")
    policy = effective_policy(transaction, organisation.id)
    groups = frozenset(group.id for group in transaction.directory.groups_of(user.id))
    return Read(user, organisation, policy, backend_for(transaction.directory, organisation, user), groups)


def _again(transaction: Transaction, key: DeviceKey, views: dict[str, OrganisationView]) -> Known | None:
    device = look_up(transaction.devices, key)
    if device is None:
        return None
    try:
        read = _surroundings(transaction, Principal(key.organisation, key.user))
    except GatewayError:
        return None
    view = views.setdefault(key.organisation, OrganisationView(read.organisation, read.policy))
    return read.known(device, view)
