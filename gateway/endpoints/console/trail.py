"""The audit trail in the console (product 8): asked as the API asks it."""

import re
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.audit import AuditChoice, AuditFilter, RecordList, export, list_records, verify
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.operations import query
from gateway.endpoints.console.story import sentence
from gateway.endpoints.pages.device_report import changes
from gateway.errors import GatewayError
from gateway.records import AuditTag

router = APIRouter(prefix="/audit")

PAGE = 100
NEWEST = "newest"
FILTERS = ("organisation", "tag", "target", "user", "device_id", "actor", "outcome", "since", "until")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
TIMES = {"since": "T00:00:00Z", "until": "T23:59:59Z"}
"""What a day that somebody picks begins and ends with, in Greenwich."""


def _list(ask: Ask, found: RecordList | None = None, problem: GatewayError | None = None) -> Response:
    shown = {name: ask.query[name] for name in (*FILTERS, "order") if ask.query.get(name)}
    newest = _newest_first(ask)
    return ask.page(
        "audit_rows.html" if ask.partial else "audit.html",
        asked=shown,
        found=found,
        problem=problem,
        newest=newest,
        other=urlencode({**shown, "order": "oldest" if newest else NEWEST}),
        more=urlencode({**shown, "cursor": found.next}) if found and found.next else "",
        tags=sorted((ask.language.text(sentence(each)), each.value) for each in AuditTag),
        sentence=sentence,
        changes=changes,
        choice=urlencode(_asked(ask)),
        can_verify=ask.may(verify),
    )


@router.get("")
@or_again(_list)
def audit(ask: Annotated[Ask, opens(list_records)]) -> Response:
    """A page of the trail, the newest records first unless somebody asks for the oldest."""
    page = {"limit": PAGE, "newest_first": _newest_first(ask), "cursor": ask.query.get("cursor", "")}
    return _list(ask, ask.call(list_records, query=query(AuditFilter, {**_asked(ask), **page})))


@router.get("/export")
def take(ask: Annotated[Ask, opens(export)]) -> Response:
    """The records that were asked for, to keep; the export itself stands in the trail."""
    answer = ask.call(export, query=query(AuditChoice, _asked(ask)))
    answer.headers["Content-Disposition"] = 'attachment; filename="audit.ndjson"'
    return answer


def _newest_first(ask: Ask) -> bool:
    return ask.query.get("order", NEWEST) == NEWEST


def _asked(ask: Ask) -> dict[str, str]:
    """Which records, as the API is asked for them."""
    given = {name: ask.query[name] for name in FILTERS if ask.query.get(name)}
    days = {name: given[name] + TIMES[name] for name in TIMES if DAY.fullmatch(given.get(name, ""))}
    return {**given, **days}
