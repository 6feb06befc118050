"""An organisation that looks like one: people, phones of every kind, a queue, wipes under way, policies and
rules. For pictures of the console and for whoever wants to see it full.
"""

import random
import unicodedata
from dataclasses import replace
from datetime import timedelta

from gateway.app import Services
from gateway.chance import SystemClock
from gateway.records import Actor, User
from gateway.services.effective import house_policy
from gateway.services.groups import GroupChanges
from gateway.services.safeguards import SafeguardChanges
from gateway.services.wipe_guards import Wanted
from mdm.access import AccessDecision
from mdm.ashttp import version
from mdm.device import AccessLevel, Device, DeviceInformation, DeviceKey, DeviceState, WipeKind
from mdm.families import family_of

PEOPLE = (
    "Ann Miller",
    "Bob Okafor",
    "Carla Rossi",
    "David Novák",
    "Elena Petrova",
    "Farid Haddad",
    "Grace Kim",
    "Hugo Lefèvre",
    "Ines Moreau",
    "Jonas Weber",
    "Katja Lindqvist",
    "Liam O'Brien",
    "Maja Kowalska",
    "Nora Schmidt",
    "Oskar Nilsson",
    "Paula Fernandes",
    "Quentin Dubois",
    "Rosa Jiménez",
    "Sven Hansen",
    "Tara Singh",
    "Ulla Becker",
    "Viktor Horváth",
    "Wendy Chen",
    "Xaver Huber",
    "Yara Nasser",
    "Zoe Papadaki",
    "Adam Jansen",
    "Beate Vogel",
    "Chiara Conti",
    "Dmitri Ivanov",
)
KINDS = (
    ("iPhone15,2", "iOS 18.1 22B83", "Apple-iPhone15C2/2202.83", "iPhone", "16.1", "iPhone"),
    ("iPhone16,1", "iOS 18.1.1 22B91", "Apple-iPhone16C1/2202.91", "iPhone", "16.1", "iPhone"),
    ("iPad14,1", "iPadOS 17.6 21G80", "Apple-iPad14C1/2107.80", "iPad", "16.1", "iPad"),
    ("SM-S918B", "Android 14", "Android-SAMSUNG-SM-S918B/101.140000", "SAMSUNGSMS918B", "14.1", "Galaxy"),
    ("Pixel 8", "Android 15", "Android-Mail/2024.10", "Android", "16.1", "Pixel"),
    ("Outlook for iOS and Android", "Android 15", "Outlook-iOS-Android/1.0", "Outlook", "16.1", "Outlook"),
    ("WindowsMail", "Windows 11", "MSFT-WIN-4/10.0.22631", "WindowsMail", "14.1", "Laptop"),
    ("Nine", "Android 13", "Nine-4.9.5", "Nine", "14.1", "Tablet"),
)
STRICT = {"settings": {"DevicePasswordEnabled": True, "MinDevicePasswordLength": 8, "AllowCamera": False}}
DEFAULT = {
    "settings": {
        "DevicePasswordEnabled": True,
        "MinDevicePasswordLength": 6,
        "MaxDevicePasswordFailedAttempts": 8,
        "MaxInactivityTimeDeviceLock": 300,
    }
}
WAITING = "WindowsMail"
RULES = (
    ("Old Android", "block", [{"criterion": "os", "is": ["Android 4", "Android 5", "Android 6"]}]),
    ("Desktop mail clients wait", "quarantine", [{"criterion": "device_type", "is": [WAITING]}]),
    ("Our own phones", "allow", [{"criterion": "model", "is": ["iPhone15,2", "iPhone16,1", "SM-S918B"]}]),
)
OPERATOR = Actor("admin", "henry", "192.0.2.14", person="p-henry")
HELD = AccessDecision(AccessLevel.QUARANTINE, "rule desktop-mail-clients-wait")
SEED, BLOCKED = 30, 31
PASSWORD = "Quiet-Horse-9"


def populate(made: Services, organisation: str, domain: str, count: int = 60) -> list[Device]:
    """Fill an organisation that is there; its devices, two of each person."""
    draw = random.Random(SEED)
    people = [_person(made, organisation, domain, name) for name in PEOPLE]
    _grouped(made, organisation, people)
    _ruled(made, organisation)
    devices = [_device(people[number % len(people)], number, draw) for number in range(count)]
    with made.store.write() as transaction:
        house = house_policy(transaction, people[0].organisation).policy
        devices = [
            replace(each, policy_digest=house.digest(version(each.protocol_version))) for each in devices
        ]
        for each in devices:
            transaction.devices.add(each)
    for each in devices:
        if each.device_type == WAITING:
            made.quarantine.notice(each.key, HELD, OPERATOR)
    _wiped(made, organisation, devices)
    return devices


def _person(made: Services, organisation: str, domain: str, name: str) -> User:
    plain = unicodedata.normalize("NFD", name.lower().replace(" ", ".").replace("'", ""))
    local = "".join(letter for letter in plain if letter.isascii())
    return made.users.create(
        OPERATOR, organisation, f"{local}@{domain}", display_name=name, password=PASSWORD
    )


def _device(owner: User, number: int, draw: random.Random) -> Device:
    model, system, user_agent, device_type, spoken, called = KINDS[
        (number * 5 + number // len(PEOPLE)) % len(KINDS)
    ]
    now = SystemClock().now()
    seen = now - timedelta(
        seconds=draw.choice((40, 400, 4000, 90_000, 900_000, 4_000_000)) * draw.uniform(1, 2)
    )
    key = DeviceKey(owner.organisation, owner.id, f"{draw.getrandbits(104):026X}")
    first = owner.display_name.partition(" ")[0]
    fresh = Device(key, device_type, spoken, seen - timedelta(days=draw.randrange(5, 300)), seen)
    device = replace(
        fresh,
        state=DeviceState.PROVISIONING_REQUIRED if number % 9 == 5 else DeviceState.PROVISIONING_SUCCEEDED,
        provisioned_at=fresh.first_seen,
        last_sync=seen,
        last_ip=f"203.0.113.{draw.randrange(2, 250)}",
        user_agent=user_agent,
        family=family_of(user_agent, device_type).name,
        information=DeviceInformation(
            model=model,
            os=system,
            os_language="en",
            friendly_name=f"{first}'s {called}",
            imei=f"35{draw.randrange(10**13):013}",
            phone_number=f"+49 171 {draw.randrange(10**7):07}",
            mobile_operator="Telekom",
        ),
    )
    if number == BLOCKED:
        return replace(device, access=AccessLevel.BLOCK, access_reason="left behind at the airport")
    return device


def _grouped(made: Services, organisation: str, people: list[User]) -> None:
    for name, members in (("Sales", people[:9]), ("Management", people[9:13])):
        group = made.groups.create(OPERATOR, organisation, name, GroupChanges())
        for each in members:
            made.groups.add_member(OPERATOR, organisation, group.id, each.id)


def _ruled(made: Services, organisation: str) -> None:
    made.policies.set_policy(OPERATOR, organisation, DEFAULT)
    made.policies.create(OPERATOR, organisation, "Management", STRICT)
    for name, effect, conditions in RULES:
        document = {"name": name, "effect": effect, "conditions": conditions}
        made.access_rules.create(OPERATOR, organisation, document)


def _wiped(made: Services, organisation: str, devices: list[Device]) -> None:
    careful = SafeguardChanges(approve_full_wipes=True, wipes_per_hour=20, wipes_per_day_percent=100)
    made.safeguards.change(OPERATOR, organisation, careful, may_loosen=True)
    lost, stolen = (
        next(each for each in devices[start:] if not each.held_since and "iPhone" in each.device_type)
        for start in (1, 15)
    )
    made.wipes.request(OPERATOR, lost.key, Wanted(WipeKind.ACCOUNT, "left on the night train to Vienna"))
    stolen_name = stolen.information.friendly_name or ""
    made.wipes.request(OPERATOR, stolen.key, Wanted(WipeKind.DEVICE, "stolen from a car", stolen_name))
    made.offboarding.start(OPERATOR, made.users.get(devices[29].key.user), reason="left the company")
