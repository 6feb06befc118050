"""Devices that wait for an approval (product 6.5): who they are, why, for how long; approve, reject, expire.

A device is entered when it comes and is told to wait, not when a rule begins to speak against it: the queue
shows who stands at the door. An approval is an administrator's override for that one device, or a rule for
its model or its user; what a device says of its model is its own word, and stands in the queue as such.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.errors import GatewayError, Kind, malformed
from gateway.records import Actor, AuditTag, HeldDevice, Organisation, Scope, User
from gateway.services.access_rules import AccessRules, Saved
from gateway.services.acts import Act, Acts, Entry
from gateway.services.impact import Regime, Resident
from gateway.services.overrides import overridden, require_future, store_override
from gateway.services.partnerships import difference, present, target_of
from gateway.services.ports import Clock, Store, Transaction
from gateway.services.rule_sets import compiled
from gateway.services.standing import facts_of
from gateway.services.tenants import found
from gateway.services.users import find_user
from mdm.access import AccessDecision
from mdm.criteria import Way, read_pattern
from mdm.device import AccessLevel, Device, DeviceKey
from mdm.families import Family, family_of
from mdm.rules import Mode

PAGE = 500
"""Devices of the queue that one statement reads."""

PREFIXES_ONLY = "In WorkMail's mode a rule means every model that begins so: approve the device itself."
EXPIRY = Actor("system", "quarantine")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A device in the queue with what an administrator needs to decide.

    Attributes:
        held: since when, why and how often it came.
        family: what kind of client it seems to be.
    """

    held: HeldDevice
    device: Device
    user: User
    family: Family


@dataclass(frozen=True, slots=True)
class Approval:
    """What an approval of many came to.

    Attributes:
        released: devices that wait no longer.
        waiting: those meant that still do, with the reason: a rule that outweighs an approval by rule.
    """

    released: tuple[DeviceKey, ...]
    waiting: tuple[tuple[DeviceKey, str], ...] = ()
    saved: Saved | None = None


class Quarantine:
    """The queues of all organisations."""

    def __init__(self, store: Store, clock: Clock, rules: AccessRules) -> None:
        self._store = store
        self._clock = clock
        self._rules = rules
        self._acts = Acts(store, clock)

    def notice(self, key: DeviceKey, access: AccessDecision, actor: Actor) -> Device:
        """A device came and was answered so: enter it, or let it go; returns the device as it is kept.

        Raises:
            GatewayError: NOT_FOUND for a device that is gone.
        """
        held = access.level is AccessLevel.QUARANTINE
        tag = AuditTag.DEVICE_HELD if held else AuditTag.DEVICE_RELEASED
        act = Act(tag, actor, key.organisation, target_of(key), access.reason)
        return self._acts.perform(act, lambda entry: _noticed(entry, key, access))

    def counted(self, requests: Iterable[tuple[DeviceKey, int, datetime]]) -> None:
        """Add requests that waiting devices made; written behind, like last contacts."""
        batch = list(requests)
        if batch:
            with self._store.write() as transaction:
                transaction.held.counted(batch)

    def queue(
        self,
        organisation: str,
        *,
        user: str | None = None,
        after: tuple[datetime, str, str] | None = None,
        limit: int = 100,
    ) -> Sequence[Waiting]:
        """Who waits, longest first; ``user`` is an id."""
        with self._store.read() as transaction:
            home = found(transaction, organisation)
            held = transaction.held.list(home.id, user=user, after=after, limit=limit)
            devices = transaction.devices.get_all([each.key for each in held])
            users = transaction.directory.users_by_id({each.key.user for each in held})
        return [
            _waiting(each, devices[each.key], users[each.key.user])
            for each in held
            if each.key in devices and each.key.user in users
        ]

    def everybody(self, organisation: str) -> Sequence[Waiting]:
        """The whole queue."""
        found_so_far: list[Waiting] = []
        after: tuple[datetime, str, str] | None = None
        while page := self.queue(organisation, after=after, limit=PAGE):
            found_so_far += page
            held = page[-1].held
            after = (held.since, held.key.user, held.key.device_id)
        return found_so_far

    def approve(
        self, actor: Actor, key: DeviceKey, reason: str = "", until: datetime | None = None
    ) -> Device:
        """Let one device in, until then where an end is given.

        Raises:
            GatewayError: NOT_FOUND without the device; MALFORMED for an end that is past.
        """
        return self._override(AuditTag.QUARANTINE_APPROVED, actor, key, AccessLevel.ALLOW, reason, until)

    def reject(self, actor: Actor, key: DeviceKey, reason: str = "") -> Device:
        """Block one device."""
        return self._override(AuditTag.QUARANTINE_REJECTED, actor, key, AccessLevel.BLOCK, reason, None)

    def approve_user(self, actor: Actor, organisation: str, user: str, reason: str = "") -> Approval:
        """Let in every device of a user that waits now; those to come wait again."""
        with self._store.read() as transaction:
            owner = _member(transaction, organisation, user)
        waiting = [each.held.key for each in self.everybody(organisation) if each.user.id == owner.id]
        for key in waiting:
            self.approve(actor, key, reason)
        return Approval(tuple(waiting))

    def approve_user_by_rule(self, actor: Actor, organisation: str, user: str, reason: str = "") -> Approval:
        """Let in every device of a user, those to come too, by a rule."""
        with self._store.read() as transaction:
            owner = _member(transaction, organisation, user)
        document = {
            "name": f"approved: {owner.address}",
            "description": reason,
            "effect": AccessLevel.ALLOW.value,
            "conditions": [{"criterion": "user", "is": [owner.id]}],
        }
        return self._by_rule(actor, organisation, document, lambda each: each.user.id == owner.id)

    def approve_model(self, actor: Actor, organisation: str, model: str, reason: str = "") -> Approval:
        """Let in every device that reports exactly this model, those to come too, by a rule.

        Raises:
            GatewayError: MALFORMED for a model whose name means more than itself in a rule: a device that
                calls itself ``*`` must not be approved for everybody; CONFLICT in WorkMail's mode, where
                one that calls itself ``i`` would be.
        """
        with self._store.read() as transaction:
            mode = found(transaction, organisation).rules_mode
        name = require_plain_model(model)
        if mode is Mode.WORKMAIL:
            raise GatewayError(Kind.CONFLICT, PREFIXES_ONLY)
        conditions = [{"criterion": "model", "is": [name]}, {"criterion": "model", "is_not": [f"{name}?*"]}]
        document = {
            "name": f"approved: {name}",
            "description": reason,
            "effect": AccessLevel.ALLOW.value,
            "conditions": conditions,
        }
        return self._by_rule(actor, organisation, document, lambda each: _has_model(each.device, name))

    def settle(self, organisation: str) -> tuple[DeviceKey, ...]:
        """Let those go who would not be told to wait any more, after a rule changed; returns them."""
        gone: list[DeviceKey] = []
        for each in self.everybody(organisation):
            answer = self._answer(each)
            if answer is not AccessLevel.QUARANTINE:
                self.notice(each.held.key, AccessDecision(answer, "the rules changed"), EXPIRY)
                gone.append(each.held.key)
        return tuple(gone)

    def expire(self) -> int:
        """Block who waited longer than the organisation wants (``Safeguards.quarantine_days``)."""
        with self._store.read() as transaction:
            organisations = transaction.directory.organisations()
        return sum(self._expire(home) for home in organisations)

    def _expire(self, home: Organisation) -> int:
        self.settle(home.id)
        days = home.safeguards.quarantine_days
        if not days:
            return 0
        last = self._clock.now() - timedelta(days=days)
        overdue = [each.held.key for each in self.everybody(home.id) if each.held.since <= last]
        for key in overdue:
            reason = f"nobody approved it within {days} days"
            self._override(AuditTag.QUARANTINE_EXPIRED, EXPIRY, key, AccessLevel.BLOCK, reason, None)
        return len(overdue)

    def _override(
        self,
        tag: AuditTag,
        actor: Actor,
        key: DeviceKey,
        level: AccessLevel,
        reason: str,
        until: datetime | None,
    ) -> Device:
        def work(entry: Entry) -> Device:
            require_future(until, entry.now)
            device = present(entry.transaction.devices, key)
            return store_override(entry, device, overridden(device, level, reason, until))

        return self._acts.perform(Act(tag, actor, key.organisation, target_of(key), reason), work)

    def _by_rule(
        self,
        actor: Actor,
        organisation: str,
        document: Mapping[str, object],
        meant: Callable[[Waiting], bool],
    ) -> Approval:
        before = [each for each in self.everybody(organisation) if meant(each)]
        saved = self._rules.create(actor, organisation, document)
        gone = set(self.settle(organisation))
        released = tuple(each.held.key for each in before if each.held.key in gone)
        waiting = tuple((each.held.key, each.held.reason) for each in before if each.held.key not in gone)
        return Approval(released, waiting, saved)

    def _answer(self, each: Waiting) -> AccessLevel:
        """What the device would be told now, by its last contact."""
        with self._store.read() as transaction:
            home = found(transaction, each.held.key.organisation)
            rules = compiled(transaction.rules.current(home.id), home.rules_mode)
            groups = [group.id for group in transaction.directory.groups_of(each.user.id)]
        resident = Resident(each.device, each.user, facts_of(each.device, each.user, groups))
        return Regime(home, rules).level(resident, self._clock.now())


def require_plain_model(model: str) -> str:
    """A model's name that means nothing but itself in a rule; GatewayError MALFORMED otherwise."""
    name = model.strip()
    try:
        plain = name.isprintable() and read_pattern(name).way is Way.PREFIX and read_pattern(f"{name}?*")
    except ValueError:
        plain = False
    if not plain:
        raise malformed("model", "A rule cannot name this model: approve the device itself.")
    return name


def _has_model(device: Device, name: str) -> bool:
    return (device.information.model or "").strip().casefold() == name.casefold()


def _member(transaction: Transaction, organisation: str, named: str) -> User:
    user = find_user(transaction, named)
    if user.organisation != found(transaction, organisation).id:
        raise GatewayError(Kind.NOT_FOUND, "There is no such user.")
    return user


def _waiting(held: HeldDevice, device: Device, user: User) -> Waiting:
    agent = device.user_agent or device.information.user_agent or ""
    return Waiting(held, device, user, family_of(agent, device.device_type))


def _noticed(entry: Entry, key: DeviceKey, access: AccessDecision) -> Device:
    device = present(entry.transaction.devices, key)
    held = access.level is AccessLevel.QUARANTINE
    if held is (device.held_since is not None) or entry.transaction.devices.tombstone(key) is not None:
        return device
    saved = entry.transaction.devices.save(replace(device, held_since=entry.now if held else None))
    if held:
        waits = HeldDevice(key, entry.now, access.reason, access.rules, 1, entry.now)
        entry.transaction.held.put(waits)
    else:
        entry.transaction.held.remove(key)
    old, new = difference(device, saved)
    entry.record(before=old, after=new | {"rules": list(access.rules)})
    entry.announce(Scope.DEVICE, key.organisation, key.user, key.device_id)
    return saved
