"""Items of a call for many: read, done and refused one by one (product 7.3)."""

import pytest

from gateway.endpoints.api.bulk import (
    BULK_LIMIT,
    NOT_TRIED,
    ProblemView,
    ResultView,
    Unreadable,
    counted,
    each,
)
from gateway.endpoints.api.bulk_members import MemberItems
from gateway.endpoints.api.calls import Unpermitted
from gateway.errors import GatewayError, Kind
from gateway.records.authority import Permission


def shown(index: int, _done: int | None, problem: ProblemView | None) -> ResultView:
    return ResultView(index=index, problem=problem)


def test_one_that_cannot_be_read_spoils_no_other() -> None:
    raw = {"items": [{"member": "ann"}, {"member": 7, "x": 1}, "ann", {"member": "eve"}]}
    first, second, third, last = MemberItems.model_validate(raw).items
    assert (first.member, last.member) == ("ann", "eve")
    assert isinstance(second, Unreadable)
    assert set(second.faults) == {"member", "x"}
    assert isinstance(third, Unreadable)
    assert set(third.faults) == {"item"}


def test_each_is_done_or_says_why_not() -> None:
    def act(item: int) -> int:
        if item == 2:
            raise GatewayError(Kind.CONFLICT, "no", faults={"x": "no"})
        return item

    results = each([1, 2, Unreadable({"y": "what"}), 3], act, shown, pytest.fail)
    assert [result.index for result in results] == [0, 1, 2, 3]
    problems = [result.problem for result in results]
    assert problems[0] is None and problems[3] is None
    assert problems[1] is not None and problems[2] is not None
    assert (problems[1].status, problems[1].detail, problems[1].errors[0].field) == (409, "no", "x")
    assert (problems[2].status, problems[2].errors[0].fault) == (400, "what")
    assert counted(results) == {"done": 2, "refused": 2}


def test_a_database_that_is_gone_is_not_asked_for_every_item() -> None:
    asked = []

    def act(item: int) -> int:
        asked.append(item)
        raise GatewayError(Kind.UNAVAILABLE)

    results = each([1, 2, 3], act, shown, pytest.fail)
    assert asked == [1]
    assert [result.problem.status for result in results if result.problem] == [503] * 3
    assert results[2].problem is not None and results[2].problem.detail == NOT_TRIED


def test_what_lacks_its_permission_is_noted_one_by_one() -> None:
    def act(item: int) -> int:
        if item == 2:
            return item
        raise Unpermitted(Kind.FORBIDDEN, f"no {item}", Permission.GROUP_WRITE)

    noted: list[Unpermitted] = []
    results = each([1, 2, 3], act, shown, noted.append)
    assert [each.public for each in noted] == ["no 1", "no 3"]
    assert counted(results) == {"done": 1, "refused": 2}


def test_how_many_there_may_be() -> None:
    described = MemberItems.model_json_schema()["properties"]["items"]
    assert (described["minItems"], described["maxItems"]) == (1, BULK_LIMIT)
    assert described["items"] == {"$ref": "#/$defs/MemberItem"}, "described as what it should be"
