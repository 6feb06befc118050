"""Why a device is let in, or not (product 6.4): every instance asked, every rule tried, in words.

The real decision and its explanation are the same code over the same values: ``mdm.access`` and
``mdm.rules``, with facts from ``standing``. For an imagined device the facts are given, whatever is not given
was not reported, and it is as if it came now for the first time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.errors import GatewayError, Kind, malformed
from gateway.records import Organisation, User
from gateway.services.groups import find_group
from gateway.services.overrides import overridden
from gateway.services.partnerships import present
from gateway.services.ports import Clock, Store, Transaction
from gateway.services.rule_sets import compiled
from gateway.services.rule_values import RuleValues
from gateway.services.standing import facts_of, standing_of
from gateway.services.tenants import found
from gateway.services.users import find_user
from mdm.access import AccessDecision, Standing, explain
from mdm.criteria import ACTIVESYNC, AUTODISCOVER, Facts
from mdm.device import AccessLevel, Device, DeviceInformation, DeviceKey
from mdm.lifecycle import WIPING
from mdm.rules import RuleSet, Trace

NOBODY = "u-nobody"
"""User id of an imagined device without a user."""


@dataclass(frozen=True, slots=True)
class Imagined:
    """Facts of a device that need not exist; for a real one those given replace what it reported.

    Attributes:
        user: id or address; empty for nobody in particular. groups: names beside those that the user is in.
        ip: source address; None for that of the last contact.
    """

    user: str = ""
    device_id: str = ""
    device_type: str | None = None
    model: str | None = None
    os: str | None = None
    user_agent: str | None = None
    protocol_version: str | None = None
    ip: str | None = None
    groups: Sequence[str] = ()
    protocol: str = ACTIVESYNC


AS_IT_IS = Imagined()
"""Nothing imagined."""


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer with everything that led to it.

    Attributes:
        instances: name of each instance in its order and what it says, None where it is silent; the first
            that speaks decides.
        rules: each rule with each condition as it went; names stand for ids.
        outranked: why none of this matters at present: the device is being wiped.
    """

    facts: Facts
    answer: AccessDecision
    instances: tuple[tuple[str, AccessDecision | None], ...]
    rules: tuple[Trace, ...]
    outranked: str = ""


class Decisions:
    """Explains; nothing changes by it."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def of_device(self, organisation: str, key: DeviceKey, told: Imagined = AS_IT_IS) -> Decision:
        """Of a device that is known; GatewayError NOT_FOUND for one that is not."""
        with self._store.read() as transaction:
            home = found(transaction, organisation)
            device = present(transaction.devices, key)
            user = find_user(transaction, key.user)
            return self._decided(transaction, home, _dressed(device, told), user, told)

    def imagine(self, organisation: str, told: Imagined) -> Decision:
        """Of a device that need not exist, as if it came now for the first time.

        Raises:
            GatewayError: NOT_FOUND without the user or a group; MALFORMED for a protocol that rules do not
                know.
        """
        with self._store.read() as transaction:
            home = found(transaction, organisation)
            user = _user(transaction, home, told.user)
            key = DeviceKey(home.id, user.id, told.device_id.upper() or "IMAGINED")
            new = Device(key, "", "", self._clock.now(), self._clock.now())
            return self._decided(transaction, home, _dressed(_expected(transaction, new), told), user, told)

    def _decided(
        self, transaction: Transaction, home: Organisation, device: Device, user: User, told: Imagined
    ) -> Decision:
        rules = compiled(transaction.rules.current(home.id), home.rules_mode)
        facts = facts_of(device, user, _groups(transaction, home, user, told), told.ip, told.protocol)
        if told.protocol == AUTODISCOVER:
            return self._discovery(transaction, home, rules, facts, user)
        if told.protocol != ACTIVESYNC:
            raise malformed("protocol", f"There is {ACTIVESYNC} and {AUTODISCOVER}.")
        standing = standing_of(device, user, home, rules.ask(facts))
        said = tuple(explain(standing, self._clock.now()))
        answer = next(decision for _, decision in said if decision is not None)
        outranked = "a wipe is pending, and outranks every rule" if device.state in WIPING else ""
        return Decision(facts, answer, said, _traces(transaction, home, rules, facts), outranked)

    def _discovery(
        self, transaction: Transaction, home: Organisation, rules: RuleSet, facts: Facts, user: User
    ) -> Decision:
        named = rules.naming("protocol")
        plain = Device(DeviceKey(home.id, user.id, ""), "", "", self._clock.now(), self._clock.now())
        standing = discovery_standing(standing_of(plain, user, home, named.ask(facts)))
        said = tuple(explain(standing, self._clock.now()))
        answer = next(decision for _, decision in said if decision is not None)
        return Decision(facts, answer, said, _traces(transaction, home, named, facts))


def discovery_standing(standing: Standing) -> Standing:
    """What decides about AutoDiscover: user and organisation, and rules that name a protocol (product 6.3).

    The default and "only listed devices" are about devices, and there is none: Outlook on a desk asks the
    same questions as a phone.
    """
    return replace(standing, default=AccessLevel.ALLOW, only_listed=False)


def _expected(transaction: Transaction, device: Device) -> Device:
    """A new device as it would be let in at first sight; what waits for it goes on waiting."""
    expected = transaction.rules.expected(device.key)
    if expected is None:
        return device
    return overridden(device, expected.level, expected.reason, expected.until)


def _user(transaction: Transaction, home: Organisation, named: str) -> User:
    if not named:
        return User(NOBODY, home.id, "", "", "nobody")
    user = find_user(transaction, named)
    if user.organisation != home.id:
        raise GatewayError(Kind.NOT_FOUND, "There is no such user.")
    return user


def _groups(transaction: Transaction, home: Organisation, user: User, told: Imagined) -> frozenset[str]:
    given = {find_group(transaction, home, named).id for named in told.groups}
    return frozenset(group.id for group in transaction.directory.groups_of(user.id)) | given


def _dressed(device: Device, told: Imagined) -> Device:
    """The device with the facts that were given in place of its own."""
    information: DeviceInformation = device.information
    if told.model is not None:
        information = replace(information, model=told.model or None)
    if told.os is not None:
        information = replace(information, os=told.os or None)
    if told.user_agent is not None:
        information = replace(information, user_agent=told.user_agent or None)
    return replace(
        device,
        information=information,
        device_type=device.device_type if told.device_type is None else told.device_type,
        user_agent=device.user_agent if told.user_agent is None else told.user_agent,
        protocol_version=told.protocol_version or device.protocol_version,
    )


def _traces(transaction: Transaction, home: Organisation, rules: RuleSet, facts: Facts) -> tuple[Trace, ...]:
    values = RuleValues(transaction, home)
    return tuple(values.traced(trace) for trace in rules.explain(facts))
