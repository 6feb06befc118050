"""The names that a shell offers (product 7.4): organisations, people with devices, devices.

They are asked of the REST API, as the command would ask, with the options that stand before the word. Nothing
is made or migrated for the sake of a word, and a remote gateway has two seconds: who waits longer has typed
it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from gateway import app
from gateway.cli.api import Api, at, elsewhere, on_this_machine
from gateway.cli.local import Where, authority_here, config_of, token_in
from gateway.cli.served import has_database
from gateway.endpoints.api.device_views import DeviceList, DeviceView
from gateway.endpoints.api.organisations import OrganisationList

PATIENCE_S = 2.0
MOST = 200
"""Devices that are looked at: more names are no help."""

Typed = Mapping[str, Any]
"""The parameters that stand before the word."""


def organisations(typed: Typed, _begun: str) -> list[str]:
    """All aliases."""
    with asked(typed) as api:
        return [each.alias for each in api.whole(at("organisations"), OrganisationList).items]


def owners(typed: Typed, begun: str) -> list[str]:
    """Addresses of people with devices."""
    found = _devices(typed, address=begun, sort="address")
    return list(dict.fromkeys(each.address for each in found))


def device_ids(typed: Typed, begun: str) -> list[str]:
    """Devices of the person who is named before."""
    owner = typed.get("address") or typed.get("all_of") or typed.get("owner")
    return [each.device_id for each in _devices(typed, device_id=begun, user=owner, sort="device_id")]


def _devices(typed: Typed, **query: str | None) -> Sequence[DeviceView]:
    home = typed.get("organisation")
    place = at("organisations", home, "devices") if home else at("devices")
    with asked(typed) as api:
        return api.get(place, DeviceList, limit=MOST, **query).items


@contextmanager
def asked(typed: Typed) -> Iterator[Api]:
    """The API that the command would ask; LookupError where there is no database yet."""
    names = ("path", "server", "token_file", "authority")
    where = Where(**{name: typed[name] for name in names if typed.get(name)})
    if where.server:
        with elsewhere(
            where.server, token_in(where.token_file, where.server), where.authority, PATIENCE_S
        ) as api:
            yield api
        return
    config = config_of(where.path)
    if not has_database(config):
        raise LookupError(config.store_url)
    services = app.services(config)
    try:
        with on_this_machine(services, authority_here()) as api:
            yield api
    finally:
        services.store.close()
