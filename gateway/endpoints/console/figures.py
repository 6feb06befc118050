"""An organisation's devices in figures (product 7.2): by state, protocol version and client, what needs a
look, and how many kept to their policy day by day."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.device_queries import DeviceQuestion
from gateway.endpoints.api.devices import count_devices
from gateway.endpoints.api.history import Days, list_device_days
from gateway.endpoints.console.asking import Ask, opens
from gateway.endpoints.console.charts import Chart, Lines, bars, every, lines, short
from gateway.endpoints.console.operations import query
from mdm.ashttp import Version
from mdm.device import DeviceState
from mdm.families import LABELS

router = APIRouter(prefix="/o/{organisation}/figures")

STATES = sorted(DeviceState, key=lambda each: each is not DeviceState.PROVISIONING_SUCCEEDED)
"""With the first line for those that are as they should be."""

SHOWN_DAYS = 90
"""Days of the charts over time: as many as there is room for."""

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
    return ask.page(
        "figures.html",
        home=home,
        counts=counts,
        charts=charts,
        short=short,
        over_time=_over_time(ask, home.id),
    )


def _over_time(ask: Ask, organisation: str) -> Sequence[tuple[str, Lines]]:
    """How many of the devices had their policy on each of the last days, and in which states they were."""
    asked = Days(days=SHOWN_DAYS)
    days = {
        _begins(each.day): each
        for each in ask.call(list_device_days, organisation=organisation, query=asked).items
    }
    moments = every(timedelta(days=1), list(days))
    say = ask.language.text
    share = {day: round(100 * each.compliant / each.total) for day, each in days.items()}
    names = [each.value for each in STATES if any(each.value in day.states for day in days.values())]
    states = {say(name): {day: each.states.get(name, 0) for day, each in days.items()} for name in names}
    return [
        ("Compliance over time", lines({say("Of 100 devices have their policy"): share}, moments, 100)),
        ("Devices by state over time", lines(states, moments)),
    ]


def _begins(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
