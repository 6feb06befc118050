"""Any order of acts of administrators, people, devices and the clock, on the whole service (T4-T9, T29, T30).

Two administrators, two people, three devices and a thief with old keys; the real application on a real
database with a real socket on either side. After each step: nobody had mail who may not have it, who must
have it got it, every wipe that is due was told to its device and none else was, no order without its
approval, no budget exceeded, and no change without its record. ``estate`` is what the product is compared
with.

``FUZZ_EXAMPLES=5000`` (``make fuzz`` with this path) looks longer.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from gateway.errors import GatewayError, Kind
from gateway.phone.device import Phone
from gateway.phone.identity import Identity
from gateway.phone.reading import PolicyAnswer, policy_answer
from gateway.records import Actor, Scope, UserState
from gateway.services.assignments import Target
from gateway.services.safeguards import SafeguardChanges
from gateway.services.wipe_guards import Wanted
from mdm.ashttp import Command, Version
from mdm.device import AccessLevel, DeviceKey, WipeKind
from mdm.layers import Reach
from mdm.orders import Progress
from tests.model.estate import Due, Estate, Ordered, Override, Side
from tests.support import partnership as p
from tests.support.backend import Exchange, RecordingBackend, reply
from tests.support.clockwork import Clockwork, clockwork, governed
from tests.support.examples import examples
from tests.support.mail_server import HIERARCHY, command_of
from tests.support.postgres import shared_cluster
from tests.support.stores import NOON, Clock
from tests.support.wipes import persons

T = TypeVar("T")

pytestmark = pytest.mark.timeout(3600)
"""A failure is made small before it is told, and ``make fuzz`` takes its time."""

FIRST = Actor("admin", "first", "127.0.0.1", person="first")
SECOND = Actor("admin", "second", "127.0.0.1", person="second")
TOKEN = Actor("token", "script", "127.0.0.1")
TYPES = {"PHONE1": "UsherPhone", "PHONE2": "UsherPad", "PHONE3": "UsherPhone"}
VERSIONS = {"PHONE1": Version.V16_1, "PHONE2": Version.V14_1, "PHONE3": Version.V12_1}
OWNERS = {"PHONE1": "ann", "PHONE2": "ann", "PHONE3": "bob"}
PER_HOUR = 3

NAMES = st.sampled_from(sorted(TYPES))
USERS = st.sampled_from(("ann", "bob"))
ADMINS = st.sampled_from((FIRST, SECOND))
KEYS = st.sampled_from(("right", "right", "right", "old", "other device's", "zero", "missing"))
WINDOWS = st.sampled_from((0, 0, 30))
SPANS = st.sampled_from(
    (timedelta(minutes=1), timedelta(minutes=16), timedelta(hours=2), timedelta(hours=25))
)
LEVELS = st.sampled_from((*[AccessLevel.ALLOW] * 3, AccessLevel.BLOCK, AccessLevel.QUARANTINE))
SELDOM = st.sampled_from((False, False, True))
"""What shuts many out is ordered seldom: behind closed doors nothing else is seen to hold."""
BODIES = {
    Command.FOLDER_SYNC: p.folder_sync(),
    Command.SYNC: p.node("AirSync:Sync", p.node("AirSync:Collections")),
    Command.MOVE_ITEMS: p.node("Move:MoveItems"),
    Command.PING: p.node("Ping:Ping", p.node("Ping:HeartbeatInterval", "60")),
}
REASONS = st.sampled_from(("lost", "lost", ""))
COMMANDS = st.sampled_from((Command.FOLDER_SYNC, *BODIES))
PASSWORDS = ("Correct-Horse-1", "Battery-Staple-2")


async def mail(exchange: Exchange) -> None:
    """Whoever comes gets mail at once."""
    await exchange.read()
    exchange.seen.raw = b""
    hierarchy = command_of(exchange.seen.target) == "FolderSync"
    await reply(200, HIERARCHY if hierarchy else b"")(exchange)


class Stage:
    """One application for all examples; each has an organisation of its own."""

    numbers: ClassVar[Iterator[int]] = itertools.count(1)

    def __init__(self, folder: Path, url: str = "") -> None:
        self.clock = Clock()
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._stack.enter_context(governed(self.clock))
        self.here = self.do(self._open(folder, url))
        persons(self.here.made.store, FIRST, SECOND)

    async def _open(self, folder: Path, url: str) -> Clockwork:
        backend = await self._stack.enter_async_context(RecordingBackend(mail))
        return await self._stack.enter_async_context(clockwork(folder, backend, self.clock, url))

    def do(self, work: Awaitable[T]) -> T:
        async def run() -> T:
            return await work

        return self._runner.run(run())

    def close(self) -> None:
        self.do(self._stack.aclose())
        self._runner.close()


class Life(RuleBasedStateMachine):
    """One organisation from its first device on."""

    stage: ClassVar[Stage]
    met: ClassVar[Counter[str]]

    @initialize()
    def begin(self) -> None:
        self.here, self.clock = self.stage.here, self.stage.clock
        self.clock.time = NOON
        number = next(Stage.numbers)
        self.alias, self.domain = f"org{number}", f"org{number}.example"
        made = self.here.made
        made.tenants.create_organisation(FIRST, self.alias)
        made.tenants.add_domain(FIRST, self.alias, self.domain)
        self.home = made.tenants.organisation(self.alias).id
        self.users = {
            name: made.users.create(FIRST, self.alias, f"{name}@{self.domain}", password=PASSWORDS[0])
            for name in ("ann", "bob")
        }
        self.here.safeguards.change(
            FIRST,
            self.alias,
            SafeguardChanges(wipes_per_hour=PER_HOUR, wipes_per_day_percent=100),
            may_loosen=True,
        )
        self.estate = Estate({name: Side(name, OWNERS[name]) for name in TYPES}, self.clock.now())
        self.password = dict.fromkeys(self.users, 0)
        self.guesses = 0
        self.turns = itertools.cycle(TYPES)
        self.phones = {name: self._phone(name) for name in TYPES}
        self.seen: dict[str, list[int]] = {name: [] for name in TYPES}
        self._policies(lambda: made.policies.set_policy(FIRST, self.alias, _document(4)))
        for name, length in self.estate.named.items():
            made.policies.create(FIRST, self.alias, name, _document(length))
        self.posts = self._served()
        self._settle()
        for name in TYPES:
            self._fetch_policy(name)
            self._settle()

    def _phone(self, name: str) -> Phone:
        identity = Identity(
            f"{OWNERS[name]}@{self.domain}",
            PASSWORDS[0],
            name,
            device_type=TYPES[name],
            version=VERSIONS[name],
        )
        return Phone(identity, self.here.line, server=self.here.url)

    # What devices do.

    @rule(name=NAMES, obedient=st.booleans())
    def fetch_the_policy(self, name: str, obedient: bool) -> None:
        """An obedient phone acknowledges at once."""
        self._fetch_policy(name, obedient)

    def _fetch_policy(self, name: str, obedient: bool = True) -> None:
        answer = self._said(name, self._ask(name, Command.PROVISION, p.initial(VERSIONS[name]), 0))
        if answer is not None and answer.key and answer.wipe is None:
            side = self.estate.sides[name]
            side.offer = (answer.key, self.clock.now(), self.estate.asked_of(side))
            self.seen[name].append(answer.key)
            if obedient:
                self._acknowledge(name, answer.key, 1)

    @rule(name=NAMES, key=KEYS, status=st.sampled_from((1, 1, 1, 2, 3, 4)))
    def acknowledge(self, name: str, key: str, status: int) -> None:
        side = self.estate.sides[name]
        right = side.offer[0] if side.offer else 1
        self._acknowledge(name, self._shown(name, key, right), status)

    def _acknowledge(self, name: str, shown: int | None, status: int) -> None:
        side = self.estate.sides[name]
        body = p.acknowledgement(shown if shown is not None else "", status)
        answer = self._said(name, self._ask(name, Command.PROVISION, body, shown))
        if status != 1:
            # What was not applied whole may send it back to the beginning (MS-ASPROV 3.2.5.2).
            side.sure = False
        if answer is None or answer.wipe is not None or not answer.key:
            return
        offer, side.offer = side.offer, None
        assert offer is not None
        assert (shown, status) == (offer[0], 1)
        assert self.clock.now() - offer[1] <= timedelta(minutes=15)
        assert offer[2] == self.estate.asked_of(side)
        side.key, side.length, side.late, side.sure = answer.key, offer[2], None, True
        side.held = answer.key
        self.met["provisioned"] += 1
        self.seen[name].append(answer.key)

    @rule(name=NAMES, times=st.integers(1, 3))
    def live_a_day(self, name: str, times: int) -> None:
        """A phone as phones are: it asks for mail, and provisions where it is told to."""
        for _ in range(times):
            side = self.estate.sides[name]
            self._fetch(name, "right", Command.FOLDER_SYNC)
            if not side.key or side.late is not None:
                self._fetch_policy(name)
            self._fetch(name, "right", Command.SYNC)
            if side.wipe is Due.TOLD:
                self._acknowledge_wipe(name, side.kind, 1)

    @rule(name=NAMES, key=KEYS, command=COMMANDS)
    def fetch_mail(self, name: str, key: str, command: Command) -> None:
        self._fetch(name, key, command)

    def _fetch(self, name: str, key: str, command: Command) -> None:
        side, served = self.estate.sides[name], self._served()
        shown = self._shown(name, key, side.held)
        self._ask(name, command, BODIES[command], shown)
        shown = side.key if command is Command.PING else shown
        forwarded = self._served() - served
        knows = self._knows(side.user)
        self.met[f"mail with the {key} key: {bool(forwarded)}"] += 1
        if forwarded:
            assert knows
            assert self.estate.may_have_mail(side, TYPES[name], shown or 0), (name, side, key)
        elif knows and command is Command.FOLDER_SYNC and not self._distrusted(name):
            assert not self.estate.must_have_mail(side, TYPES[name], shown or 0), (name, side)
        self.posts += forwarded

    @rule(name=NAMES, kind=st.sampled_from(WipeKind), status=st.sampled_from((1, 1, 2)))
    def acknowledge_a_wipe(self, name: str, kind: WipeKind, status: int) -> None:
        """Also where none was ordered (T7)."""
        self._acknowledge_wipe(name, kind, status)

    def _acknowledge_wipe(self, name: str, kind: WipeKind, status: int) -> None:
        side = self.estate.sides[name]
        told, proven = side.wipe is Due.TOLD, self._heard_out(side)
        self._said(name, self._ask(name, Command.PROVISION, p.wipe_acknowledgement(kind, status), CURRENT))
        same = kind is side.kind or kind is WipeKind.DEVICE
        if told and proven and status == 1 and same and self._understands(side):
            side.wipe = Due.DONE
            self.met["wiped"] += 1
            if side.buried:
                side.leave()

    @rule(name=NAMES)
    def ask_for_a_wipe(self, name: str) -> None:
        self._said(name, self._ask(name, Command.PROVISION, p.provision_root(), CURRENT))

    @rule(thief=st.sampled_from(("PHONE1", "PHONE3")), key=st.booleans())
    def come_as_somebody_else(self, thief: str, key: bool) -> None:
        """T4: another user with the DeviceId of PHONE2, and with its key if it got hold of that."""
        served, victim = self._served(), self.phones["PHONE2"]
        if OWNERS[thief] == OWNERS["PHONE2"]:
            return
        identity = replace(self.phones[thief].identity, device_id="PHONE2", user_agent="Apple-iPhone/1")
        shown = self.estate.sides["PHONE2"].key if key else 0
        imposter = Phone(identity, victim.line, server=victim.server)
        self.stage.do(imposter.command(Command.FOLDER_SYNC, p.folder_sync(), key=shown))
        assert self._served() == served

    # What administrators do.

    @rule(length=st.sampled_from((4, 5, 8)), window=WINDOWS)
    def change_the_policy(self, length: int, window: int) -> None:
        def change() -> None:
            self.estate.base = length
            self.here.made.policies.set_policy(FIRST, self.alias, _document(length), minutes=window)

        self._policies(change, window)

    @rule(name=st.sampled_from(("six", "nine")), length=st.sampled_from((6, 7, 9)), window=WINDOWS)
    def change_a_named_policy(self, name: str, length: int, window: int) -> None:
        def change() -> None:
            self.estate.named[name] = length
            document = _document(length)
            self.here.made.policies.set_policy(FIRST, self.alias, document, name=name, minutes=window)

        self._policies(change, window)

    @rule(whose=st.sampled_from(("", "ann", "PHONE1", "PHONE3")), name=st.sampled_from(("six", "nine", "")))
    def assign_a_policy(self, whose: str, name: str) -> None:
        """Take off what the target wears; put another one on where one is named."""

        def change() -> None:
            assignments, meant = self.here.made.assignments, self._target(whose)
            worn = self.estate.worn.pop(whose, None)
            if worn is not None:
                assignments.unassign(FIRST, self.alias, meant, worn)
            if name:
                self.estate.worn[whose] = name
                assignments.assign(FIRST, self.alias, meant, name)

        self._policies(change)

    @rule(rules=st.dictionaries(st.sampled_from(("UsherPhone", "UsherPad")), LEVELS), default=LEVELS)
    def write_rules(self, rules: dict[str, AccessLevel], default: AccessLevel) -> None:
        documents = [
            {
                "name": f"{kind} {level.value}",
                "effect": level.value,
                "conditions": [{"criterion": "device_type", "is": [kind]}],
            }
            for kind, level in rules.items()
        ]
        self.here.made.access_rules.replace_all(FIRST, self.alias, documents, force=True)
        self.here.made.default_access.put(FIRST, self.alias, default, force=True)
        self.estate.rules, self.estate.default = dict(rules), default

    @rule(name=NAMES, level=st.one_of(st.none(), LEVELS), hours=st.sampled_from((None, 1, 24)))
    def override(self, name: str, level: AccessLevel | None, hours: int | None) -> None:
        until = None if hours is None or level is None else self.clock.now() + timedelta(hours=hours)
        if self._listed(name):
            self.here.made.overrides.put(FIRST, self._key(name), level, "a test", until)
            self.estate.sides[name].override = Override(level, until) if level else None
            self._settle()
            self._fetch(name, "right", Command.FOLDER_SYNC)

    @rule(name=NAMES)
    def approve_from_quarantine(self, name: str) -> None:
        waiting = {each.held.key for each in self.here.made.quarantine.queue(self.alias)}
        if self._key(name) in waiting:
            self.here.made.quarantine.approve(FIRST, self._key(name), "a test")
            self.estate.sides[name].override = Override(AccessLevel.ALLOW, None)

    @rule(user=USERS, only=SELDOM)
    def let_in_only_listed(self, user: str, only: bool) -> None:
        with self.here.made.store.write() as transaction:
            stored = transaction.directory.user(self.users[user].id)
            assert stored is not None
            transaction.directory.save_user(replace(stored, only_listed=only))
            transaction.changes.announce(Scope.USER, self.home, stored.id)
        (self.estate.listed_only.add if only else self.estate.listed_only.discard)(user)

    @rule(user=USERS, told=st.booleans())
    def change_the_password(self, user: str, told: bool) -> None:
        self.password[user] = 1 - self.password[user]
        self.here.made.users.set_password(FIRST, self.users[user].id, PASSWORDS[self.password[user]])
        if told:
            self._type(user)

    @rule(user=USERS)
    def type_the_password(self, user: str) -> None:
        self._type(user)

    def _type(self, user: str) -> None:
        for name, owner in OWNERS.items():
            if owner == user:
                phone = self.phones[name]
                phone.identity = replace(phone.identity, password=PASSWORDS[self.password[user]])

    @rule(user=USERS, disabled=SELDOM)
    def disable(self, user: str, disabled: bool) -> None:
        state = UserState.DISABLED if disabled else UserState.ENABLED
        self.here.made.users.set_state(FIRST, self.users[user].id, state)
        (self.estate.disabled.add if disabled else self.estate.disabled.discard)(user)

    @rule(name=NAMES, by=ADMINS)
    def lose_a_device(self, name: str, by: Actor) -> None:
        """The order, an attempt of who asked to approve it too, and its approval."""
        self._lift()
        before = len(self.estate.orders)
        self._order(name, WipeKind.DEVICE, by, True, "lost")
        if len(self.estate.orders) > before:
            self._approve(by, 0)
            self._approve(SECOND if by is FIRST else FIRST, 0)

    @rule(name=NAMES, kind=st.sampled_from(WipeKind), by=ADMINS, named=st.booleans(), reason=REASONS)
    def order_a_wipe(self, name: str, kind: WipeKind, by: Actor, named: bool, reason: str) -> None:
        self._order(name, kind, by, named, reason)

    def _order(self, name: str, kind: WipeKind, by: Actor, named: bool, reason: str) -> None:
        if not self._listed(name):
            return
        known = {order.id for order in self.estate.orders}
        counted = self.estate.asked_within(by.name, timedelta(hours=1))
        wanted = Wanted(kind, reason, name if named else "another name")
        try:
            order = self.here.wipes.request(by, self._key(name), wanted)
        except GatewayError as error:
            assert error.kind in (Kind.CONFLICT, Kind.MALFORMED), error
            self.estate.frozen = bool(self.here.home(self.alias).safeguards.frozen)
            self.met[f"refused an order: {error.public}"] += 1
            return
        if order.id in known:
            return
        assert not self.estate.frozen
        assert counted < PER_HOUR
        waits = kind is WipeKind.DEVICE
        assert (order.progress is Progress.AWAITING) is waits
        assert not (waits and (not named or not reason))
        ordered = Ordered(order.id, name, kind, by.name, self.clock.now(), waits)
        self.estate.orders.append(ordered)
        self.met["ordered"] += 1
        if not waits:
            self._due(ordered)

    @rule(by=st.sampled_from((FIRST, SECOND, TOKEN)), back=st.integers(0, 2))
    def approve_a_wipe(self, by: Actor, back: int) -> None:
        self._approve(by, back)

    def _approve(self, by: Actor, back: int) -> None:
        if back >= len(self.estate.orders):
            return
        order = self.estate.orders[-1 - back]
        try:
            self.here.wipes.approve(by, self.alias, order.id)
        except GatewayError as error:
            assert error.kind in (Kind.CONFLICT, Kind.FORBIDDEN), error
        else:
            assert order.waits
            assert by.name != order.by
            assert by.kind == "admin"
            assert not self.estate.frozen
            assert self.clock.now() < order.at + timedelta(hours=24)
            self.met["approved"] += 1
            self._due(order)
        order.waits = self.here.wipes.get(self.alias, order.id).progress is Progress.AWAITING

    def _due(self, order: Ordered) -> None:
        order.waits = False
        side = self.estate.sides[order.device]
        assert side.wipe in (Due.NO, Due.DONE) or side.kind is order.kind
        side.forget_keys()
        side.wipe, side.kind = (Due.DUE if side.wipe in (Due.NO, Due.DONE) else side.wipe), order.kind
        self._settle()
        self._fetch(side.name, "right", Command.FOLDER_SYNC)

    @rule(name=NAMES)
    def cancel_a_wipe(self, name: str) -> None:
        if not self._listed(name):
            return
        side = self.estate.sides[name]
        with suppress(GatewayError):
            order = self.here.wipes.cancel_for(SECOND, self._key(name), "found")
            mine = next(each for each in self.estate.orders if each.id == order.id)
            if mine.waits:
                mine.waits = False
            else:
                assert side.wipe in (Due.DUE, Due.TOLD)
                side.wipe = Due.NO
                if side.buried:
                    side.leave()

    @rule(really=SELDOM)
    def panic(self, really: bool) -> None:
        """What no device has seen is taken back; the rest is named and stays."""
        if not really:
            return
        stopped = self.here.panic.stop(SECOND, self.alias)
        self.estate.frozen = True
        for order in self.estate.orders:
            order.waits = False
        for side in self.estate.sides.values():
            if side.wipe is Due.DUE:
                side.wipe = Due.NO
                if side.buried:
                    side.leave()
            assert (side.wipe is Due.TOLD) is (side.name in stopped.delivered), side

    @rule()
    def lift_the_freeze(self) -> None:
        self._lift()

    def _lift(self) -> None:
        if self.estate.frozen:
            self.here.safeguards.lift(SECOND, self.alias, "looked into")
            self.estate.frozen, self.estate.lifted = False, self.clock.now()

    @rule(name=NAMES, force=st.booleans())
    def remove_the_device(self, name: str, force: bool) -> None:
        if not self._listed(name):
            return
        side = self.estate.sides[name]
        due = side.wipe in (Due.DUE, Due.TOLD)
        try:
            self.here.made.devices.remove(FIRST, self._key(name), force=force, reason="a test")
        except GatewayError as error:
            assert error.kind is Kind.CONFLICT
            assert due
            assert not force
            return
        assert force or not due
        if due and not side.buried:
            side.buried = True
            return
        side.leave()
        for order in self.estate.orders:
            if order.device == name:
                order.waits = False

    @rule(span=SPANS)
    def time_passes(self, span: timedelta) -> None:
        self.clock.time += span
        self.estate.now = self.clock.time
        self.here.wipes.expire()
        self.here.made.quarantine.expire()
        for _ in range(50):
            if not self.here.made.rollouts.advance(self.home):
                break
        self._settle()
        for name in TYPES:
            self._fetch(name, "right", Command.FOLDER_SYNC)

    # What must hold after each step.

    @invariant()
    def nobody_has_mail_who_may_not(self) -> None:
        """Nothing was forwarded beside what was judged; then the devices in turn try their luck."""
        if hasattr(self, "estate"):
            self.met["steps"] += 1
            self._settle()
            assert self._served() == self.posts
            self._fetch(next(self.turns), "right", Command.FOLDER_SYNC)
            self._settle()

    @invariant()
    def every_change_has_its_record(self) -> None:
        if not hasattr(self, "estate"):
            return
        now, records = self._state(), self.here.records(self.home)
        before, counted = getattr(self, "_last", (now, records))
        changed = [name for name in now if now[name] != before.get(name)]
        assert records - counted >= bool(changed), changed
        self._last = now, records

    @invariant()
    def wipes_are_what_was_ordered(self) -> None:
        if not hasattr(self, "estate"):
            return
        stored = self.here.devices(self.home)
        for name, side in self.estate.sides.items():
            device = stored.get(self._key(name))
            due = device is not None and device.wipe is not None and device.wipe.acknowledged_at is None
            assert due is (side.wipe in (Due.DUE, Due.TOLD)), (name, side)
            if due and device is not None and device.wipe is not None:
                assert device.wipe.kind is side.kind
                assert device.policy_key == device.temporary_key == 0

    # How it is done.

    def _settle(self) -> None:
        self.stage.do(self.here.hear())

    def _state(self) -> dict[object, object]:
        made, devices = self.here.made, self.here.devices(self.home)
        told: dict[object, object] = {
            key: (
                device.state,
                bool(device.policy_key),
                device.access,
                device.access_until,
                device.wipe,
                device.conflict,
                device.held_since,
            )
            for key, device in devices.items()
        }
        users = {name: made.users.get(user.id) for name, user in self.users.items()}
        return {
            **told,
            **{name: (user.state, user.password_hash) for name, user in users.items()},
            "rules": made.access_rules.book(self.alias).version,
            "policies": [(each.name, each.version) for each in made.policies.list(self.alias)],
            "safeguards": self.here.home(self.alias).safeguards,
            "orders": list(self.here.wipes.list(self.alias)),
        }

    def _ask(self, name: str, command: Command, body: Any, key: int | None) -> Any:
        return self.stage.do(self.phones[name].command(command, body, key=self._current(name, key)))

    def _current(self, name: str, key: int | None) -> int | None:
        """The last final key that a phone was given, which it shows whatever has become of it."""
        if key != CURRENT:
            return key
        device = self.here.devices(self.home).get(self._key(name))
        return device.proof_key if device is not None else 0

    def _said(self, name: str, answer: Any) -> PolicyAnswer | None:
        """What an answer to Provision says; a directive is one that is due, and one that is due is given."""
        side = self.estate.sides[name]
        document = answer.document if answer.http == 200 else None
        said = policy_answer(document) if document is not None and answer.body else None
        told = said is not None and said.wipe is not None
        if told:
            assert said is not None
            assert side.wipe is not Due.NO, (name, side)
            assert said.wipe is side.kind
            side.wipe = Due.TOLD if side.wipe is Due.DUE else side.wipe
            self.met["told to wipe"] += 1
        elif side.wipe is Due.DUE and self._knows(side.user) and self._understands(side):
            raise AssertionError(f"{name} is due for a wipe and was answered {answer.http} {answer.status}")
        return said

    def _understands(self, side: Side) -> bool:
        return side.kind is WipeKind.DEVICE or VERSIONS[side.name] >= Version.V16_1

    def _heard_out(self, side: Side) -> bool:
        """Whether what it says of its wipe can be believed: it knows the password, or it proves its key."""
        if self._knows(side.user):
            return True
        device = self.here.devices(self.home).get(self._key(side.name))
        return device is not None and device.proof_key != 0 and device.proof_failures < 15

    def _knows(self, user: str) -> bool:
        right = PASSWORDS[self.password[user]]
        phones = (self.phones[name] for name, owner in OWNERS.items() if owner == user)
        return user not in self.estate.disabled and all(phone.identity.password == right for phone in phones)

    def _shown(self, name: str, which: str, right: int) -> int | None:
        others = [self.estate.sides[other].key for other in TYPES if other != name]
        old = [key for key in self.seen[name] if key != right]
        choices: dict[str, int | None] = {
            "right": right,
            "old": old[-1] if old else 7,
            "other device's": next((key for key in others if key), 11),
            "zero": 0,
            "missing": None,
        }
        return choices[which]

    def _policies(self, change: Callable[[], None], window: int = 0) -> None:
        before = self.estate.lengths()
        change()
        self.estate.policies_change(timedelta(minutes=window), before)

    def _target(self, target: str) -> Target:
        if not target:
            return Target(Reach.ORGANISATION)
        if target in OWNERS:
            return Target(Reach.DEVICE, self.users[OWNERS[target]].id, target)
        return Target(Reach.USER, self.users[target].id)

    def _key(self, name: str) -> DeviceKey:
        return DeviceKey(self.home, self.users[OWNERS[name]].id, name)

    def _listed(self, name: str) -> bool:
        return self.here.made.devices.get(self._key(name)) is not None

    def _distrusted(self, name: str) -> bool:
        """What the model does not follow: the product may hold a device for how it behaves."""
        device = self.here.devices(self.home).get(self._key(name))
        return device is None or bool(device.conflict or device.diagnosis or device.suspended_until)

    def _served(self) -> int:
        return len(self.here.backend.seen)


CURRENT = -1


def _document(length: int) -> dict[str, Any]:
    return {"settings": {"DevicePasswordEnabled": True, "MinDevicePasswordLength": length}}


def _lead(stage: Stage, usual: int, steps: int) -> None:
    class Led(Life):
        pass

    Led.stage, Led.met = stage, Counter()
    wanted = settings(
        max_examples=examples(usual),
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(Led, settings=wanted)  # type: ignore[no-untyped-call]
    finally:
        stage.close()
    print(sorted(Led.met.items()))
    assert Led.met["approved"], "nobody approved anything"


def test_whatever_happens_on_sqlite(tmp_path: Path) -> None:
    _lead(Stage(tmp_path), 10, 50)


@pytest.mark.postgres
def test_whatever_happens_on_postgresql(tmp_path: Path) -> None:
    _lead(Stage(tmp_path, shared_cluster().fresh_database()), 3, 40)
