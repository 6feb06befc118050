"""An organisation's devices in figures (product 7.2): by state, protocol version and client, and what needs a
look."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.device_queries import DeviceQuestion
from gateway.endpoints.api.devices import count_devices
from gateway.endpoints.console.asking import Ask, opens
from gateway.endpoints.console.charts import Chart, bars, short
from gateway.endpoints.console.operations import query
from mdm.ashttp import Version
from mdm.families import LABELS

router = APIRouter(prefix="/o/{organisation}/figures")

NOTED: Mapping[str, Mapping[str, str]] = {
    "waits in quarantine": {"held": "yes"},
    "suspended for misbehaving": {"suspended": "yes"},
    "in dispute about who it is": {"conflict": "!="},
    "kept out of compliance": {"diagnosis": "!="},
    "has not fetched its policy": {"state": "Provisioning Required"},
    "is to be wiped": {"state": "Wipe Required"},
    "not seen for 30 days": {"last_seen": "<30d"},
}
"""Why a device may need somebody, in words, with the question that finds it; one device may have several."""


@router.get("")
def figures(organisation: str, ask: Annotated[Ask, opens(count_devices)]) -> Response:
    """The charts."""
    home = ask.organisation(organisation)

    def count(asked: Mapping[str, str]) -> int:
        return ask.call(count_devices, organisation=home.id, query=query(DeviceQuestion, asked)).total

    counts = ask.call(count_devices, organisation=home.id, query=DeviceQuestion())
    versions = {each.text: counts.protocols.get(each.text, 0) for each in Version}
    say = ask.language.text
    charts: list[tuple[str, Chart]] = [
        ("Devices by state", bars({say(name): number for name, number in counts.states.items()})),
        ("Devices by client", bars({LABELS.get(name, name): n for name, n in counts.families.items()})),
        ("Devices by protocol version", bars({name: number for name, number in versions.items() if number})),
        ("Devices that need a look", bars({say(name): count(asked) for name, asked in NOTED.items()})),
    ]
    return ask.page("figures.html", home=home, counts=counts, charts=charts, short=short)
