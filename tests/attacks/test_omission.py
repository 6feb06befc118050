"""Policy bypass by omission (T6): every command in every version with every state of the key in both forms.

The mail server says what it saw: nothing of a device that is not in compliance, whatever it left out of its
request, and from one that is, nothing without the key in force. Ping carries no key and is judged by the
record alone (MS-ASHTTP 2.2.1.1.2.5), so of a device in compliance it passes with any.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from gateway.phone.device import Phone
from gateway.phone.identity import QueryForm
from mdm.ashttp import Command, Version
from mdm.device import AccessLevel
from mdm.element import Element, element
from mdm.gatekeeper import _OBSOLETE
from mdm.policy import Policy
from tests.support import partnership as p
from tests.support.backend import Exchange, RecordingBackend, reply
from tests.support.gateway import Gateway, provisioned
from tests.support.inhabited import ADMIN
from tests.support.mail_server import command_of

VERSIONS = tuple(Version)
SERVED = p.SERVED
HERE = frozenset({Command.PROVISION, Command.AUTODISCOVER})
"""Answered by the gateway itself."""

each_version = pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.text)


async def mail(exchange: Exchange) -> None:
    """Gives something to whoever gets here."""
    await exchange.read()
    await reply(200)(exchange)


@pytest.fixture(autouse=True)
def _generous(backend: RecordingBackend) -> None:
    backend.script = mail


def body_of(command: Command, version: Version) -> Element | bytes:
    """A body that stops nobody, or a refused one would pass for a refused device."""
    mime = command in (Command.SEND_MAIL, Command.SMART_FORWARD, Command.SMART_REPLY)
    if mime and version < Version.V14_0:
        return b"Subject: x\r\n\r\nx\r\n"
    return element(command.roots[0]) if command.roots else b""


def requests() -> Iterator[tuple[Command, QueryForm]]:
    for command, form in itertools.product(Command, QueryForm):
        if command.code is not None or form is QueryForm.PLAIN:
            yield command, form


async def ask(phone: Phone, command: Command, form: QueryForm, key: int | None) -> None:
    version = phone.version or Version.V16_1
    phone.identity = replace(phone.identity, form=form)
    await phone.command(command, body_of(command, version), key=key)


def passes(command: Command, version: Version) -> bool:
    """Whether the gateway speaks the version and the version has the command."""
    known = command.first <= version <= command.last and command not in _OBSOLETE
    return version in SERVED and known and command not in HERE


@each_version
async def test_of_a_device_in_compliance_only_the_key_in_force_counts(
    gateway: Gateway, backend: RecordingBackend, version: Version
) -> None:
    enrolling = version if version in SERVED else Version.V12_1
    phone, other = gateway.phone(version=enrolling), gateway.phone("bob", "PHONE2", version=enrolling)
    await provisioned(phone)
    old = phone.policy_key
    await provisioned(phone)
    await provisioned(other)
    right = phone.policy_key
    keys = {
        "right": right,
        "old": old,
        "other": other.policy_key,
        "zero": 0,
        "missing": None,
        "top": 2**32 - 1,
    }
    phone.version = version
    for (command, form), state in itertools.product(requests(), keys):
        if command is Command.PROVISION:
            continue
        backend.seen.clear()
        await ask(phone, command, form, keys[state])
        expected = passes(command, version) and (state == "right" or command is Command.PING)
        forwarded = [command_of(seen.target) for seen in backend.seen]
        assert forwarded == [command.value] * expected, (command, form, state)


def never_asked(gateway: Gateway) -> None:
    """It has been seen, and was given nothing."""
    gateway.made.devices.require_provisioning(ADMIN, gateway.key())


def outdated(gateway: Gateway) -> None:
    gateway.set_policy(Policy({"MinDevicePasswordLength": 8}))


def blocked(gateway: Gateway) -> None:
    gateway.made.devices.set_access(ADMIN, gateway.key(), AccessLevel.BLOCK, "lost")


def quarantined(gateway: Gateway) -> None:
    gateway.made.devices.set_access(ADMIN, gateway.key(), AccessLevel.QUARANTINE, "who is it?")


def wiped(gateway: Gateway) -> None:
    gateway.wipe()


BARRED = {act.__name__: act for act in (never_asked, outdated, blocked, quarantined, wiped)}


@pytest.mark.parametrize("why", BARRED)
@pytest.mark.parametrize("version", (SERVED[0], SERVED[-1]), ids=lambda version: version.text)
async def test_who_is_barred_has_no_mail_by_any_command_and_any_key(
    gateway: Gateway, backend: RecordingBackend, version: Version, why: str
) -> None:
    bar: Callable[[Gateway], None] = BARRED[why]
    phone = await gateway.enrolled(version=version)
    right = phone.policy_key
    async with gateway.hears():
        bar(gateway)
    backend.seen.clear()
    for (command, form), key in itertools.product(requests(), (right, 0, None)):
        await ask(phone, command, form, key)
    assert backend.seen == []


def test_the_commands_that_nobody_asks_for_are_few() -> None:
    """Who adds a command finds it in the matrix; who makes one obsolete takes it out of it knowingly."""
    untried = _OBSOLETE | HERE
    assert {command for command in Command if command not in untried} >= {Command.SYNC, Command.FIND}
    assert len(untried) == 6
