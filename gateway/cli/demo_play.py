"""The phones of ``usher demo``: their lives, told as they happen, and what a wipe took."""

import asyncio
import os
import shlex
import signal
import ssl
import sys
from functools import partial
from pathlib import Path

import click

from gateway.app import services
from gateway.cli.demo_stage import ACTOR, CAST, HOST, ORGANISATION, OWNER, Part, Stage
from gateway.config import Config
from gateway.phone.device import Phone
from gateway.phone.life import Ending, Life
from gateway.phone.line import Line
from gateway.phone.story import Event, Step
from gateway.services.wipe_guards import Wanted
from mdm.device import DeviceKey, Wipe, WipeKind

WIPE_SECONDS = 10.0
"""How long ``--wipe-one`` waits for the phone before the demo has failed."""
WIDTH = max(len(part.title) for part in CAST)


class Play:
    """Three lives beside each other, until somebody stops them.

    Args:
        gateway: pid of the gateway, whose end ends the play.
    """

    def __init__(self, stage: Stage, config: Config, password: str, gateway: int) -> None:
        self._stage = stage
        self._password = password
        self._gateway = gateway
        self._services = services(config)
        self._organisation = self._services.tenants.organisation(ORGANISATION).id
        self._waiting = {part.address: asyncio.Event() for part in CAST}
        self._wiped = {part.address: asyncio.Event() for part in CAST}
        self._stop = asyncio.Event()
        self._code = 0

    async def run(self, seconds: float | None, *, wipe_one: bool) -> int:
        """Play until Ctrl-C, for ``seconds``, or until one phone was wiped; gives the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)
        if seconds is not None:
            loop.call_later(seconds, self._stop.set)
        watched = os.pidfd_open(self._gateway)
        loop.add_reader(watched, self._gateway_ended, watched)
        try:
            async with asyncio.TaskGroup() as group:
                lives = [group.create_task(self._live(part)) for part in CAST]
                lives.append(group.create_task(self._attend(wipe_one=wipe_one)))
                await self._stop.wait()
                for life in lives:
                    life.cancel()
        finally:
            loop.remove_reader(watched)
            os.close(watched)
            self._services.store.close()
        return self._code

    async def _live(self, part: Part) -> None:
        trust = ssl.create_default_context(cafile=self._stage.authority_file)
        async with Line(trust, part.detours(self._stage.ports)) as line:
            phone = Phone(part.identity(self._password), line, tell=partial(self._tell, part))
            ending = await Life(phone).run()
        if ending is Ending.WIPED:
            await self._reckon(part)
        elif ending is Ending.FAILED:
            self._fail(f"{part.title} failed; {self._stage.log_file} may say why")

    def _tell(self, part: Part, event: Event) -> None:
        click.echo(event.as_line(part.title.ljust(WIDTH)))
        if event.step is Step.PING:
            self._waiting[part.address].set()

    async def _attend(self, *, wipe_one: bool) -> None:
        """Once all wait, say how to wipe one, or do it."""
        for waiting in self._waiting.values():
            await waiting.wait()
        victim = CAST[0]
        click.echo(instructions(self._stage, victim))
        if not wipe_one:
            return
        await asyncio.to_thread(self._order, victim)
        try:
            await asyncio.wait_for(self._wiped[victim.address].wait(), WIPE_SECONDS)
            self._stop.set()
        except TimeoutError:
            self._fail(f"{victim.title} was not wiped within {WIPE_SECONDS:.0f} s")

    def _order(self, part: Part) -> None:
        self._services.wipes.request(ACTOR, self._key(part), Wanted(WipeKind.ACCOUNT, "demo"))
        click.echo(f"The wipe of {part.title} is ordered.")

    def _key(self, part: Part) -> DeviceKey:
        user = self._services.users.get(part.address).id
        return DeviceKey(self._organisation, user, part.identity("").device_id)

    def _wipe(self, part: Part) -> Wipe | None:
        device = self._services.devices.get(self._key(part))
        return None if device is None else device.wipe

    async def _reckon(self, part: Part) -> None:
        """What the gateway's own record says of the time from the order to the acknowledgement."""
        wipe = await asyncio.to_thread(self._wipe, part)
        if wipe is not None and wipe.acknowledged_at is not None:
            took = (wipe.acknowledged_at - wipe.ordered_at).total_seconds()
            click.echo(f"\n{part.title} was wiped {took:.3f} s after the order.\n")
        self._wiped[part.address].set()

    def _gateway_ended(self, watched: int) -> None:
        asyncio.get_running_loop().remove_reader(watched)
        self._fail(f"the gateway has ended; {self._stage.log_file} says why")

    def _fail(self, message: str) -> None:
        click.echo(f"usher demo: {message}", err=True)
        self._code = 1
        self._stop.set()


def instructions(stage: Stage, part: Part) -> str:
    """What to paste into another terminal."""
    usher = shlex.quote(sys.argv[0] if Path(sys.argv[0]).name == "usher" else "usher")
    password, config, authority, token = (
        shlex.quote(str(path))
        for path in (stage.password_file, stage.config_file, stage.authority_file, stage.token_file)
    )
    device = f"{part.address}/{part.identity('').device_id}"
    clients, admin = (f"https://{HOST}:{port}" for port in (stage.ports.clients, stage.ports.admin))
    return f"""
Three phones wait for news. To wipe one, from another terminal:

  {usher} device wipe {part.address} --reason demo --config {config}

or over the REST API:

  curl --cacert {authority} -H "Authorization: Bearer $(cat {token})" \\
      --json '{{"reason": "demo"}}' \\
      {admin}/api/v1/organisations/{ORGANISATION}/devices/{device}/wipe

To see it in the console, sign in as {OWNER.name} with the password in {password}:

  {admin}/

To play a phone of your own:

  {usher} device play {part.address} --device-id MYPHONE1 --stay --password-file {password} \\
      --ca {authority} --server {clients}/Microsoft-Server-ActiveSync

Ctrl-C ends the demo.
"""
