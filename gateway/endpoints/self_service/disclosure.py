"""What an organisation can see and do on one device (product 7.8), worked out from what is in force: what the
device reported, the policy that lies on it, and what its family of clients makes of both (``mdm.families``).

Nothing is said that is not so for this very device; what nobody has published is called unknown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.services.inventory import Sheet
from gateway.services.wipes import Choice
from mdm.families import answer_of, family_of
from mdm.policy import SETTINGS, Kind, Setting

RECOVERY = "PasswordRecoveryEnabled"


@dataclass(frozen=True, slots=True)
class Asked:
    """A setting that the policy in force asks of the device, and what the client is known to do about it."""

    title: str
    value: str
    answer: str


@dataclass(frozen=True, slots=True)
class Disclosure:
    """All of it.

    Attributes:
        family: label of the client.
        sees: what is kept of the device: a name, and the value as it is now.
        asks: what the policy asks beyond what every device does anyway.
        does: what a wipe would erase, for each that could be ordered.
        reveals: a recovery password of the device may be kept, and shown to an administrator.
    """

    family: str
    sees: Sequence[tuple[str, str]]
    asks: Sequence[Asked]
    does: Sequence[Choice]
    reveals: bool


def disclosed(sheet: Sheet, choices: Sequence[Choice]) -> Disclosure:
    """What the organisation can see and do on the device of this sheet."""
    device, policy = sheet.device, sheet.policy.policy
    family = family_of(device.user_agent, device.device_type)
    asked = [
        Asked(
            setting.title, _words(setting, policy.value(setting.name)), answer_of(family, setting.name).value
        )
        for setting in SETTINGS
        if policy.value(setting.name) not in (setting.default, None)
    ]
    possible = [choice for choice in choices if not choice.obstacle]
    return Disclosure(family.label, _seen(sheet), asked, possible, bool(policy.value(RECOVERY)))


def _seen(sheet: Sheet) -> Sequence[tuple[str, str]]:
    device, said = sheet.device, sheet.device.information
    told = (
        ("Model", said.model),
        ("Name of the device", said.friendly_name),
        ("System", said.os),
        ("Language", said.os_language),
        ("Phone number", said.phone_number),
        ("Operator", said.mobile_operator),
        ("IMEI", said.imei),
        ("DeviceId", device.key.device_id),
        ("User-Agent", device.user_agent),
        ("Network address of the last contact", device.last_ip),
        ("Protocol", device.protocol_version),
    )
    return [(name, value) for name, value in told if value]


def _words(setting: Setting, value: object) -> str:
    if setting.kind is Kind.FLAG:
        return "yes" if value else "no"
    if setting.kind is Kind.CHOICE and isinstance(value, int):
        return setting.choices.get(value, str(value))
    return ", ".join(value) if isinstance(value, tuple) else str(value)
