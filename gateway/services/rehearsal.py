"""What a change of policy would do, before anybody makes it (product 4.3, 4.5).

The very code that brings a change to the devices says whom it would touch; beside that stands who cannot
carry, or is known to ignore, what the changed document says.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.services.effective import Effectives, Supposed, outdated
from gateway.services.partnerships import PAGE
from gateway.services.ports import Store
from mdm.ashttp import Version, version
from mdm.device import Device, DeviceState
from mdm.errors import QueryError
from mdm.families import Answer, Family, answer_of, family_of
from mdm.layers import Effective
from mdm.policy import BY_NAME, Setting

_ASKED = frozenset({DeviceState.PROVISIONING_REQUIRED, DeviceState.PROVISIONING_SUCCEEDED})


@dataclass(frozen=True, slots=True)
class Shortcoming:
    """Devices that will not do what one setting asks.

    Attributes:
        version: the protocol version that does not carry it; empty where it is the family that ignores it.
        family: name of the family; empty where it is the version.
    """

    setting: str
    version: str
    family: str
    label: str
    devices: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Whom a change would touch.

    Attributes:
        devices: all of the organisation; ``under`` those for which the policy takes part.
        touched: those that would have to provision again.
        coming: those that provision anyway when they come, and get the new document then.
        wiping: those that are due for a wipe, which nothing disturbs.
        shortcomings: by setting, those under the policy that will not do what it asks.
    """

    devices: int = 0
    under: int = 0
    touched: int = 0
    coming: int = 0
    wiping: int = 0
    shortcomings: tuple[Shortcoming, ...] = ()


@dataclass(slots=True)
class _Count:
    name: str
    asked: tuple[Setting, ...]
    counts: Counter[str] = field(default_factory=Counter)
    short: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    families: dict[tuple[str, str], Family] = field(default_factory=dict)

    def see(self, device: Device, effective: Effective) -> None:
        self.counts["devices"] += 1
        if device.state not in _ASKED:
            self.counts["wiping"] += 1
            return
        self.counts["touched"] += outdated(device, effective.policy)
        self.counts["coming"] += device.state is DeviceState.PROVISIONING_REQUIRED
        if not any(layer.policy == self.name for layer in effective.layers):
            return
        self.counts["under"] += 1
        self._weigh(device, effective)

    def _weigh(self, device: Device, effective: Effective) -> None:
        spoken, family = _spoken(device), self._family(device)
        for setting in self.asked:
            origin = effective.origins.get(setting.name)
            if origin is None or origin.policy != self.name:
                continue
            if spoken is not None and spoken < setting.since:
                self.short[setting.name, device.protocol_version, ""] += 1
            elif answer_of(family, setting.name) is Answer.IGNORES:
                self.short[setting.name, "", family.name] += 1

    def _family(self, device: Device) -> Family:
        said = (device.user_agent or device.information.user_agent or "", device.device_type)
        if said not in self.families:
            self.families[said] = family_of(*said)
        return self.families[said]

    def result(self) -> Rehearsal:
        labels = {family.name: family.label for family in self.families.values()}
        short = sorted(self.short.items(), key=lambda each: (-each[1], each[0]))
        shortcomings = (
            Shortcoming(setting, spoken, family, labels.get(family, ""), devices)
            for (setting, spoken, family), devices in short
        )
        return Rehearsal(**self.counts, shortcomings=tuple(shortcomings))


def rehearse(
    store: Store, organisation: str, name: str, document: Mapping[str, Any], supposed: Supposed
) -> Rehearsal:
    """Look at every device as if ``supposed`` held; a page in a transaction, nothing is changed.

    Args:
        name: the policy that the change is about; document: what it says.
    """
    count = _Count(name, _asked_for(document))
    after: tuple[str, str, str] | None = None
    while True:
        with store.read() as transaction:
            page = transaction.devices.list(organisation, after=after, limit=PAGE)
            effectives = Effectives(transaction, organisation, supposed)
            effectives.prepare({device.key.user for device in page})
            for device in page:
                count.see(device, effectives.of(device.key))
        if len(page) < PAGE:
            return count.result()
        after = (organisation, page[-1].key.user, page[-1].key.device_id)


def _asked_for(document: Mapping[str, Any]) -> tuple[Setting, ...]:
    """Settings that the document gives another value than their default: only those ask for anything."""
    said = document.get("settings", {})
    return tuple(
        BY_NAME[name] for name, value in said.items() if value is not None and value != BY_NAME[name].default
    )


def _spoken(device: Device) -> Version | None:
    try:
        return version(device.protocol_version)
    except QueryError:
        return None
