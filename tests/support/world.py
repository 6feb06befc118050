"""A small world for services: one organisation with a domain, one user and that user's phone, on a real
store."""

from dataclasses import dataclass, field

from certs.sealing import Sealer
from gateway.directory.local import LocalPasswords
from gateway.records import Actor, AuditRecord, Organisation, User
from gateway.services.access_rules import AccessRules
from gateway.services.assignments import Assignments
from gateway.services.decisions import Decisions
from gateway.services.default_access import DefaultAccess
from gateway.services.devices import DeviceService
from gateway.services.groups import Groups
from gateway.services.inventory import Inventory
from gateway.services.login import Principal
from gateway.services.overrides import Overrides
from gateway.services.partnerships import device_actor
from gateway.services.permissions import Permissions
from gateway.services.policies import PolicyService
from gateway.services.quarantine import Quarantine
from gateway.services.recovery import Recovery
from gateway.services.resources import Resources
from gateway.services.rollouts import Rollouts
from gateway.services.tenants import Settings, Tenants
from gateway.services.users import Users
from gateway.services.wipe_lane import WipeLane
from gateway.store import DatabaseStore
from mdm import provision
from mdm.ashttp import Command, Version
from mdm.device import Device, DeviceKey
from mdm.provision import Exchange
from mdm.query import CommandRequest
from mdm.wbxml import Element, element, encode
from tests.support import partnership
from tests.support.stores import Clock, Keys

ADMIN = Actor("admin", "root", "127.0.0.1", "usher", "r-1")
PASSWORD = "Correct-Horse-1"


class PlainHasher:
    """Hashing costs 19 ms; where it is not the matter, this shows that it was asked."""

    def hash(self, password: str) -> str:
        return f"hashed:{len(password)}"


@dataclass
class World:
    """Every service on one store."""

    store: DatabaseStore
    clock: Clock = field(default_factory=Clock)
    keys: Keys = field(default_factory=Keys)
    real_passwords: bool = False

    def __post_init__(self) -> None:
        hasher = LocalPasswords() if self.real_passwords else PlainHasher()
        backends = ("default", "other")
        self.tenants = Tenants(self.store, self.clock, self.keys, backends=backends, base_domain="usher.test")
        self.users = Users(self.store, self.clock, self.keys, hasher, backends=backends, by_login=("other",))
        self.groups = Groups(self.store, self.clock, self.keys, backends=backends)
        self.resources = Resources(self.store, self.clock, self.keys)
        self.permissions = Permissions(self.store, self.clock)
        self.policies = PolicyService(self.store, self.clock)
        self.assignments = Assignments(self.store, self.clock)
        self.rollouts = Rollouts(self.store, self.clock)
        self.devices = DeviceService(self.store, self.clock, self.keys)
        self.inventory = Inventory(self.store, self.clock)
        self.recovery = Recovery(self.store, self.clock, lambda: Sealer(b"s" * 32))
        self.rules = AccessRules(self.store, self.clock, self.keys)
        self.defaults = DefaultAccess(self.store, self.clock)
        self.overrides = Overrides(self.store, self.clock)
        self.decisions = Decisions(self.store, self.clock)
        self.quarantine = Quarantine(self.store, self.clock, self.rules)
        self.lane = WipeLane(self.store, self.clock)

    def organisation(self, alias: str = "acme", settings: Settings | None = None) -> Organisation:
        made = self.tenants.create_organisation(ADMIN, alias, settings or Settings())
        self.tenants.add_domain(ADMIN, alias, f"{alias}.example")
        return made

    def user(self, address: str = "ann@acme.example") -> User:
        alias = address.rpartition("@")[2].partition(".")[0]
        return self.users.create(ADMIN, alias, address, password=PASSWORD)

    def phone(self, owner: User, device_id: str = "PHONE1", version: Version = Version.V16_1) -> Device:
        """A device at first sight."""
        principal = Principal(owner.organisation, owner.id)
        admitted = self.devices.admit(principal, asked(device_id, version), ip="192.0.2.7", user_agent="iOS")
        assert isinstance(admitted, Device)
        return admitted

    def provisioned_phone(
        self, owner: User, device_id: str = "PHONE1", version: Version = Version.V16_1
    ) -> Device:
        """A device that went through both phases."""
        device = self.phone(owner, device_id, version)
        offered = self.provision(device.key, partnership.initial(version), version).device
        body = partnership.acknowledgement(offered.temporary_key)
        return self.provision(device.key, body, version).device

    def obey(self, key: DeviceKey, *, status: int = 1, unverified: bool = False) -> Exchange:
        """The device fetches its wipe directive and acknowledges it."""
        self.provision(key, element(provision.PROVISION), unverified=unverified)
        return self.provision(key, partnership.wipe_acknowledgement(status=status), unverified=unverified)

    def provision(
        self, key: DeviceKey, body: Element, version: Version = Version.V16_1, *, unverified: bool = False
    ) -> Exchange:
        request = asked(key.device_id, version, Command.PROVISION)
        message = provision.read(request, encode(body))
        actor = device_actor(key, "192.0.2.7", "iOS")
        return self.devices.provision(key, request, message, actor, unverified=unverified)

    def trail(self) -> list[AuditRecord]:
        with self.store.read() as transaction:
            return list(transaction.audit.query(limit=10_000))

    def last_change(self) -> int:
        with self.store.read() as transaction:
            return transaction.changes.last()


def asked(
    device_id: str, version: Version = Version.V16_1, command: Command = Command.FOLDER_SYNC
) -> CommandRequest:
    return CommandRequest(command, device_id, "iPhone", version)
