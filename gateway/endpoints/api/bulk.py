"""Many acts in one call (product 7.2, 7.3): each item is done or refused by itself, and says which.

An item that cannot be read is refused like one that cannot be done, so one line of a table spoils no other.
Items are done in their order, each in its own transaction; the answer has one result for each, in that order.
An item that lacks its permission came to no service, so the trail is told here, as it is of a whole call.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from gateway.endpoints.api.calls import Unpermitted, UseCases
from gateway.endpoints.api.problems import faults_of
from gateway.endpoints.rendering import problem
from gateway.errors import GatewayError, Kind
from gateway.records import Actor
from gateway.services.refusals import Refusal

T = TypeVar("T")
R = TypeVar("R")

BULK_LIMIT = 500
"""Items in one call: as many as are done well within the patience of whoever waits for the answer."""

UNREADABLE = "The item is not what is expected."
NOT_TRIED = "This was not tried."


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An item that is none, with the faults of its fields."""

    faults: dict[str, str]

    def error(self) -> GatewayError:
        return GatewayError(Kind.MALFORMED, UNREADABLE, faults=self.faults)


def _read(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(value)
    except ValidationError as error:
        return Unreadable(faults_of([{**each, "loc": ("item", *each["loc"])} for each in error.errors()]))


Item = Annotated[T, WrapValidator(_read)]
"""A model of an item, described as it is; what is not one comes as ``Unreadable``."""

Items = Annotated[list[T], Field(min_length=1, max_length=BULK_LIMIT)]


class FaultView(BaseModel):
    """A field and what is wrong with it."""

    field: str
    fault: str


class ProblemView(BaseModel):
    """Why an item was refused: the problem document that it would have got alone."""

    type: str
    title: str
    status: int
    detail: str = ""
    errors: list[FaultView] = Field(default_factory=list)

    def words(self) -> str:
        """The same in a line."""
        faults = [f"{each.field}: {each.fault}" for each in self.errors]
        return "; ".join(faults) or self.detail or self.title


class ResultView(BaseModel):
    """What became of one item; ``index`` is its place in the request, from 0."""

    index: int
    problem: ProblemView | None


class BulkView(BaseModel):
    """How many items were done and refused."""

    done: int
    refused: int


Noting = Callable[[Unpermitted], None]


def noting(use: UseCases, actor: Actor, path: str, organisation: str) -> Noting:
    """What has the trail told that an item of the route ``path`` lacks its permission; a database that does
    not answer makes a refusal no less of one."""

    def note(error: Unpermitted) -> None:
        why = Refusal(actor, f"POST {path}", organisation, error.permission.value, error.public)
        with suppress(GatewayError):
            use.refusals.note(why)

    return note


def each(
    items: Sequence[object],
    act: Callable[[Any], R],
    shown: Callable[[int, R | None, ProblemView | None], T],
    note: Noting,
) -> list[T]:
    """Do ``act`` for every item that could be read; what a database is too ill for is tried no further.

    Args:
        note: has the trail told of an item that lacks its permission.
    """
    results = []
    ill: GatewayError | None = None
    for index, item in enumerate(items):
        try:
            if isinstance(item, Unreadable):
                raise item.error()
            if ill is not None:
                raise GatewayError(ill.kind, NOT_TRIED)
            results.append(shown(index, act(item), None))
        except GatewayError as error:
            if error.kind is Kind.UNAVAILABLE:
                ill = error
            if isinstance(error, Unpermitted):
                note(error)
            results.append(shown(index, None, ProblemView.model_validate(problem(error)[1])))
    return results


def counted(results: Sequence[ResultView]) -> dict[str, int]:
    """The numbers of a ``BulkView``."""
    refused = sum(1 for result in results if result.problem is not None)
    return {"done": len(results) - refused, "refused": refused}
