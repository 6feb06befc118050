"""An organisation with a few people and phones, for tests of policies and of their changes."""

from dataclasses import dataclass, replace
from datetime import datetime

from gateway.records import Rollout, User
from gateway.services.rollout import NEVER
from mdm.ashttp import Version
from mdm.device import Device, DeviceKey, DeviceState
from tests.support import partnership
from tests.support.world import ADMIN, World

STRICT = {"settings": {"DevicePasswordEnabled": True, "MinDevicePasswordLength": 6}}
STRICTER = {"settings": {"DevicePasswordEnabled": True, "MinDevicePasswordLength": 8}}
CAMERA = {"settings": {"AllowCamera": False}}


@dataclass
class Office:
    """The organisation ``acme`` with its phones."""

    world: World
    phones: list[DeviceKey]

    def device(self, key: DeviceKey) -> Device:
        found = self.world.devices.get(key)
        assert found is not None
        return found

    def outdated(self) -> set[str]:
        """Phones that have been told to provision again."""
        return {key.device_id for key in self.phones if self.state(key) is DeviceState.PROVISIONING_REQUIRED}

    def waiting(self) -> set[str]:
        """Phones that have a moment to come."""
        moments = {key.device_id: self.device(key).reprovision_at for key in self.phones}
        return {name for name, moment in moments.items() if moment is not None and moment < NEVER}

    def state(self, key: DeviceKey) -> DeviceState:
        return self.device(key).state

    def moment(self, key: DeviceKey) -> datetime:
        moment = self.device(key).reprovision_at
        assert moment is not None
        return moment

    def fetch(self, key: DeviceKey) -> Device:
        """The phone goes through both phases."""
        offered = self.world.provision(key, partnership.initial(Version.V16_1)).device
        return self.world.provision(key, partnership.acknowledgement(offered.temporary_key)).device

    def tick(self, **passed: float) -> Rollout:
        """Time passes, and the job has its turn."""
        self.world.clock.pass_by(**passed)
        for organisation in self.world.rollouts.under_way():
            while self.world.rollouts.advance(organisation):
                pass
        return self.last()

    def last(self) -> Rollout:
        found = self.world.rollouts.progress("acme")
        assert found is not None
        return found.rollout

    def guard(self, **values: object) -> None:
        """Change the organisation's safeguards."""
        with self.world.store.write() as transaction:
            home = transaction.directory.organisation("acme")
            assert home is not None
            guards = replace(home.safeguards, **values)  # type: ignore[arg-type]
            transaction.directory.save_organisation(replace(home, safeguards=guards))


def furnish_office(world: World, phones: int = 3, owner: User | None = None) -> Office:
    """``acme`` with Ann and her phones, all of them with the policy of the day."""
    if owner is None:
        world.organisation()
        owner = world.user()
    made = [world.provisioned_phone(owner, f"PHONE{number}").key for number in range(phones)]
    return Office(world, made)


def named_policy(world: World, name: str, document: dict[str, object]) -> None:
    world.policies.create(ADMIN, "acme", name, document)
