"""Many people at once, from a table that somebody pastes (product 7.2, 7.4; T23).

Where something is wrong the table is shown again, passwords that stand in it too: nobody types a hundred
lines twice, and no browser keeps the page. For more lines than one call of the API takes there is
``usher import users``.
"""

from collections.abc import Sequence
from io import StringIO
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.bulk import BULK_LIMIT
from gateway.endpoints.api.bulk_users import UserItems, write_users
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.people_tables import COLUMNS, Line, lines
from gateway.errors import GatewayError, Kind

router = APIRouter(prefix="/o/{organisation}/arrivals")


def _shown(
    ask: Ask,
    organisation: str,
    *,
    told: Sequence[tuple[Line, str]] = (),
    made: int = 0,
    problem: GatewayError | None = None,
) -> Response:
    """``told``: lines with why each is refused, empty where it is not."""
    home = ask.organisation(organisation)
    return ask.page(
        "arrivals.html",
        home=home,
        columns=sorted(COLUMNS),
        limit=BULK_LIMIT,
        told=told,
        made=made,
        problem=problem,
    )


@router.get("")
def arrivals(organisation: str, ask: Annotated[Ask, opens(write_users)]) -> Response:
    """What a table has to look like."""
    return _shown(ask, organisation)


@router.post("")
@or_again(_shown)
def arrive(organisation: str, ask: Annotated[Ask, opens(write_users)]) -> Response:
    """Say what is wrong with the lines, or make the users of those that are right."""
    found = _read(ask.form.text("table"))
    right = [line for line in found if not line.fault]
    wrong = [(line, line.fault) for line in found if line.fault]
    if ask.form.text("do") != "save" or not right:
        return _shown(ask, organisation, told=[*wrong, *((line, "") for line in right)])
    wanted = UserItems.model_validate({"items": [line.item for line in right]})
    done = ask.call(write_users, organisation=organisation, body=wanted)
    refused = [(right[each.index], each.problem.words()) for each in done.items if each.problem]
    return _shown(ask, organisation, told=[*wrong, *refused], made=done.done)


def _read(table: str) -> list[Line]:
    """Raises GatewayError MALFORMED for what is no such table, or too long a one."""
    found: list[Line] = []
    for line in lines(StringIO(table, newline="")):
        if len(found) == BULK_LIMIT:
            raise GatewayError(Kind.MALFORMED, f"At most {BULK_LIMIT} lines at once.")
        found.append(line)
    if not found:
        raise GatewayError(Kind.MALFORMED, "There is no line below the heading.")
    return found
