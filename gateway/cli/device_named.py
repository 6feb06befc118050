"""A device as it is named at a terminal: by its user's address and its DeviceId, which may be left out for a
user with one device."""

from collections.abc import Callable
from dataclasses import dataclass

import click

from gateway.cli.api import at
from gateway.cli.device_list import as_table
from gateway.cli.found import owner
from gateway.cli.local import NOT_FOUND, USAGE, Work, end
from gateway.endpoints.api.device_views import DeviceList, DeviceView
from gateway.endpoints.api.users import UserView

because = click.option("--reason", default="", help="Why; the audit trail keeps it.")


@dataclass(frozen=True, slots=True)
class Named:
    """A partnership, which need not be there: the refusal stands in the audit trail then.

    Attributes:
        organisation, user: ids.
    """

    organisation: str
    user: str
    device_id: str

    def place(self, *act: str) -> str:
        """Its path in the REST API."""
        return at("organisations", self.organisation, "devices", self.user, self.device_id, *act)


def one(command: Callable[..., None]) -> Callable[..., None]:
    """The arguments that name a device."""
    named = click.argument("device_id", metavar="[DEVICEID]", required=False)(command)
    return click.argument("address")(named)


def meant(work: Work, address: str, device_id: str | None) -> Named:
    """The device that is meant; ends the command, with a list to choose from, where that is not clear."""
    user = owner(work, address)
    return named(user, device_id) if device_id is not None else only(work, user)


def named(user: UserView, device_id: str) -> Named:
    """A device of ``user``; DeviceIds are written in capitals everywhere."""
    return Named(user.organisation, user.id, device_id.upper())


def only(work: Work, user: UserView) -> Named:
    """The device of a user with a single one."""
    devices = devices_of(work, user)
    if len(devices) > 1:
        click.echo(as_table(devices), err=True)
        end(f"{user.address} has {len(devices)} devices: which DEVICEID?", USAGE)
    return named(user, devices[0].device_id)


def devices_of(work: Work, user: UserView) -> list[DeviceView]:
    """All devices of a user; ends the command where there is none."""
    listed = work.api.whole(at("organisations", user.organisation, "devices"), DeviceList, user=user.id)
    if not listed.items:
        end(f"{user.address} has no device", NOT_FOUND)
    return listed.items
