"""Mobile device access rules and overrides as Amazon WorkMail lists them (spec/workmail-api.md 1.3, 1.6).

What ``aws workmail list-mobile-device-access-rules`` and ``list-mobile-device-access-overrides`` print is
read as it is, and put in force in the mode that gives it the meaning it had. Overrides name users by ids of
WorkMail's own; what ``list-users`` prints, in the same document, says whose they are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.errors import GatewayError, Kind
from gateway.records import Actor
from gateway.services.access_rules import AccessRules, Saved
from gateway.services.names import fold
from gateway.services.overrides import Overrides
from gateway.services.ports import Store
from gateway.services.tenants import found
from mdm.device import AccessLevel, DeviceKey
from mdm.rules import Mode

EFFECTS = {"ALLOW": AccessLevel.ALLOW, "DENY": AccessLevel.BLOCK}
LISTS = {
    "DeviceTypes": "device_type",
    "DeviceModels": "model",
    "DeviceOperatingSystems": "os",
    "DeviceUserAgents": "user_agent",
}
"""Members of a rule to the criterion that they test; each has a twin with ``Not`` before it."""


@dataclass(frozen=True, slots=True)
class WorkmailOverride:
    """One override; ``user`` is an address, or an id of WorkMail's that nobody could resolve."""

    user: str
    device_id: str
    level: AccessLevel
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What came over.

    Attributes:
        saved: the rules in force now; None where the document had none.
        overrides: how many were set, for devices that are known or yet to come.
        unknown: users whom this organisation does not have; their overrides were left out.
    """

    saved: Saved | None
    overrides: int
    unknown: tuple[str, ...]


class WorkmailImport:
    """Brings rules and overrides over."""

    def __init__(self, store: Store, rules: AccessRules, overrides: Overrides) -> None:
        self._store = store
        self._rules = rules
        self._overrides = overrides

    def put(
        self, actor: Actor, organisation: str, document: Mapping[str, Any], *, force: bool = False
    ) -> Imported:
        """Put what ``document`` has in force; rules replace those that were there.

        Raises:
            GatewayError: MALFORMED with every fault; and as ``AccessRules.replace_all``.
        """
        rules, overrides = read_rules(document), read_overrides(document)
        saved = None
        if rules is not None:
            saved = self._rules.replace_all(actor, organisation, rules, mode=Mode.WORKMAIL, force=force)
        unknown: dict[str, None] = {}
        done = 0
        for override in overrides:
            key = self._key(organisation, override)
            if key is None:
                unknown[override.user] = None
                continue
            self._overrides.put(actor, key, override.level, override.reason)
            done += 1
        return Imported(saved, done, tuple(unknown))

    def _key(self, organisation: str, override: WorkmailOverride) -> DeviceKey | None:
        with self._store.read() as transaction:
            home = found(transaction, organisation)
            user = transaction.directory.user_by_address(fold(override.user))
        if user is None or user.organisation != home.id:
            return None
        return DeviceKey(home.id, user.id, override.device_id.upper())


def read_rules(document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]] | None:
    """Rule documents of ``Rules``, None where there is no such member; MALFORMED names every fault."""
    if "Rules" not in document:
        return None
    faults: dict[str, str] = {}
    read = [_rule(each, f"Rules.{number}", faults) for number, each in enumerate(_list(document, "Rules"))]
    _require_faultless(faults)
    return read


def read_overrides(document: Mapping[str, Any]) -> Sequence[WorkmailOverride]:
    """Overrides of ``Overrides``, with addresses for ids as far as ``Users`` tells; MALFORMED as above."""
    users = _addresses(_list(document, "Users"))
    faults: dict[str, str] = {}
    read = []
    for number, each in enumerate(_list(document, "Overrides")):
        place = f"Overrides.{number}"
        if not isinstance(each, Mapping):
            faults[place] = "must be an object"
            continue
        user, device_id = str(each.get("UserId", "")), str(each.get("DeviceId", ""))
        level = _effect(each, place, faults)
        if not user or not device_id.isalnum():
            faults[place] = "must have UserId and DeviceId"
        read.append(
            WorkmailOverride(users.get(user, user), device_id, level, str(each.get("Description", "")))
        )
    _require_faultless(faults)
    return read


def _rule(each: Any, place: str, faults: dict[str, str]) -> Mapping[str, Any]:
    if not isinstance(each, Mapping):
        faults[place] = "must be an object"
        return {}
    conditions = [
        {"criterion": criterion, way: values}
        for member, criterion in LISTS.items()
        for way, values in (("is", each.get(member)), ("is_not", each.get(f"Not{member}")))
        if values
    ]
    return {
        "id": str(each.get("MobileDeviceAccessRuleId", "")),
        "name": str(each.get("Name", "")),
        "description": str(each.get("Description", "")),
        "effect": _effect(each, place, faults).value,
        "conditions": conditions,
    }


def _effect(each: Mapping[str, Any], place: str, faults: dict[str, str]) -> AccessLevel:
    level = EFFECTS.get(str(each.get("Effect")))
    if level is None:
        faults[f"{place}.Effect"] = "must be ALLOW or DENY"
    return level or AccessLevel.BLOCK


def _addresses(users: Iterable[Any]) -> dict[str, str]:
    told = [each for each in users if isinstance(each, Mapping)]
    return {str(each["Id"]): str(each["Email"]) for each in told if each.get("Id") and each.get("Email")}


def _list(document: Mapping[str, Any], member: str) -> Sequence[Any]:
    value = document.get(member, [])
    if not isinstance(value, list):
        raise GatewayError(Kind.MALFORMED, "No such document.", faults={member: "must be a list"})
    return value


def _require_faultless(faults: Mapping[str, str]) -> None:
    if faults:
        raise GatewayError(Kind.MALFORMED, "The document has faults.", faults=faults)
