"""What the gateway did over time (product 7.2): long polls that it held, what it answered, and errors."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.history import Hours, TrafficView, list_traffic
from gateway.endpoints.console.asking import Ask, opens
from gateway.endpoints.console.charts import Lines, every, lines
from gateway.endpoints.console.operations import query

router = APIRouter()

SPANS: Sequence[tuple[int, str]] = ((6, "6 hours"), (168, "7 days"), (2160, "90 days"))
CHARTS: Mapping[str, Mapping[str, str]] = {
    "Requests that wait": {"Long polls": "parked"},
    "ActiveSync": {"Answers": "activesync", "Errors": "activesync_errors"},
    "AutoDiscover": {"Answers": "autodiscover", "Errors": "autodiscover_errors"},
}
"""Title to the lines of a chart, each with the field that it shows."""


@router.get("/traffic")
def traffic(ask: Annotated[Ask, opens(list_traffic)]) -> Response:
    """The charts of the last hours, days or months."""
    wanted = query(Hours, {"hours": ask.query.get("hours", "")})
    found = ask.call(list_traffic, query=wanted).items
    charts = [(title, _drawn(ask, found, shown)) for title, shown in CHARTS.items()]
    return ask.page("traffic.html", charts=charts, spans=SPANS, hours=wanted.hours)


def _drawn(ask: Ask, found: Sequence[TrafficView], shown: Mapping[str, str]) -> Lines:
    values = {
        ask.language.text(label): {each.at: getattr(each, field) for each in found}
        for label, field in shown.items()
    }
    step = timedelta(seconds=found[0].span_s if found else 1)
    return lines(values, every(step, [each.at for each in found]))
