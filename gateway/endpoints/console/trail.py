"""The audit trail in the console (product 8): asked as the API asks it."""

import re
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.audit import AuditChoice, AuditFilter, export, list_records, verify
from gateway.endpoints.console.asking import Ask, opens
from gateway.endpoints.console.operations import query
from gateway.endpoints.console.story import sentence
from gateway.endpoints.pages.device_report import changes
from gateway.errors import GatewayError
from gateway.records import AuditTag

router = APIRouter(prefix="/audit")

PAGE = 100
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


NEWEST = "newest"
FILTERS = ("organisation", "tag", "target", "user", "device_id", "actor", "outcome", "since", "until")
TIMES = {"since": "T00:00:00Z", "until": "T23:59:59Z"}
"""What a day that somebody picks begins and ends with, in Greenwich."""


@router.get("")
def audit(ask: Annotated[Ask, opens(list_records)]) -> Response:
    """A page of the trail, the newest records first unless somebody asks for the oldest."""
    problem, found = None, None
    shown = {name: ask.query[name] for name in (*FILTERS, "order") if ask.query.get(name)}
    newest = ask.query.get("order", NEWEST) == NEWEST
    page = {"limit": PAGE, "newest_first": newest, "cursor": ask.query.get("cursor", "")}
    try:
        found = ask.call(list_records, query=query(AuditFilter, {**_asked(ask), **page}))
    except GatewayError as error:
        problem = error
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


@router.get("/export")
def take(ask: Annotated[Ask, opens(export)]) -> Response:
    """The records that were asked for, to keep; the export itself stands in the trail."""
    answer = ask.call(export, query=query(AuditChoice, _asked(ask)))
    answer.headers["Content-Disposition"] = 'attachment; filename="audit.ndjson"'
    return answer


def _asked(ask: Ask) -> dict[str, str]:
    """Which records, as the API is asked for them."""
    given = {name: ask.query[name] for name in FILTERS if ask.query.get(name)}
    days = {name: given[name] + TIMES[name] for name in TIMES if DAY.fullmatch(given.get(name, ""))}
    return {**given, **days}
