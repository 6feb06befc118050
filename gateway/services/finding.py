"""From the names in a path to the thing meant, within one organisation (product 1; T25, T35).

A user or a device of another organisation is not there: the same NOT_FOUND as for one that nobody has. The
REST API and the command line both come through here, so neither can reach what the other cannot.
"""

from collections.abc import Iterable, Mapping

from gateway.errors import GatewayError, Kind
from gateway.records import Domain, Organisation, User
from gateway.services.partnerships import present
from gateway.services.ports import Store
from gateway.services.tenants import found
from gateway.services.users import find_user
from mdm.device import Device, DeviceKey


class Finder:
    """Looks names up; every method raises GatewayError NOT_FOUND."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def organisation(self, id_or_alias: str) -> Organisation:
        with self._store.read() as transaction:
            return found(transaction, id_or_alias)

    def domain(self, name: str) -> Domain:
        """A mail domain of any organisation."""
        with self._store.read() as transaction:
            domain = transaction.directory.domain(name.strip().lower())
        if domain is None:
            raise GatewayError(Kind.NOT_FOUND, "There is no such domain.")
        return domain

    def user(self, organisation: str, id_or_address: str) -> User:
        """A user of the organisation with this id or alias."""
        with self._store.read() as transaction:
            home = found(transaction, organisation)
            user = find_user(transaction, id_or_address)
        if user.organisation != home.id:
            raise GatewayError(Kind.NOT_FOUND, "There is no such user.")
        return user

    def key(self, organisation: str, user: str, device_id: str) -> DeviceKey:
        """The name of a partnership, which need not be there: an act on one that is not is refused by the
        service that would do it, and so stands in the audit trail."""
        owner = self.user(organisation, user)
        return DeviceKey(owner.organisation, owner.id, device_id.upper())

    def device(self, organisation: str, user: str, device_id: str) -> Device:
        """A partnership, or its tombstone, of a user of the organisation."""
        key = self.key(organisation, user, device_id)
        with self._store.read() as transaction:
            return present(transaction.devices, key)

    def owners(self, devices: Iterable[Device]) -> Mapping[str, str]:
        """User id to primary address for the users of ``devices``; one who is gone has an empty one."""
        return self.addresses(device.key.user for device in devices)

    def addresses(self, users: Iterable[str]) -> Mapping[str, str]:
        """User id to primary address; one who is gone has an empty one."""
        wanted = set(users)
        if not wanted:
            return {}
        with self._store.read() as transaction:
            known = transaction.directory.users_by_id(wanted)
        return {user: known[user].address if user in known else "" for user in wanted}

    def trail(self, id_or_alias: str) -> str:
        """The id under which an organisation's audit records stand; of a removed one only the id is left."""
        with self._store.read() as transaction:
            organisation = transaction.directory.organisation(id_or_alias)
        return organisation.id if organisation else id_or_alias

    def trail_of_user(self, id_or_address: str) -> str:
        """The same of a user."""
        try:
            with self._store.read() as transaction:
                return find_user(transaction, id_or_address).id
        except GatewayError as error:
            if error.kind is not Kind.NOT_FOUND:
                raise
            return id_or_address
