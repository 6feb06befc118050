"""What every page shares: forms, parts of pages, and the way on (product 7.2, 10)."""

import httpx
import pytest
from starlette.responses import Response

from gateway.endpoints.console import ROUTERS
from gateway.endpoints.console.asking import Ask, Opens, or_again
from gateway.errors import GatewayError
from mdm.device import Device
from tests.gateway.endpoints.console.conftest import TOKEN
from tests.support.desk import Desk

ONLY_LOOKS = {"examine", "test"}
"""Forms that ask a question: it takes long, or is too long for an address, or nobody's business."""


def test_every_page_declares_what_it_opens_with() -> None:
    for router in ROUTERS:
        for route in router.routes:
            opens = [each.call for each in route.dependant.dependencies if isinstance(each.call, Opens)]  # type: ignore[attr-defined]
            assert len(opens) == 1, route.path  # type: ignore[attr-defined]


def test_what_changes_something_is_a_post_and_opens_with_what_changes_it() -> None:
    for router in ROUTERS:
        for route in router.routes:
            (opens,) = [each.call for each in route.dependant.dependencies if isinstance(each.call, Opens)]  # type: ignore[attr-defined]
            reads = opens.permission.value.endswith(":read")
            only_looks = route.methods == {"GET"} or route.name in ONLY_LOOKS  # type: ignore[attr-defined]
            assert only_looks or not reads, route.path  # type: ignore[attr-defined]


def test_a_page_that_cannot_be_shown_again_is_found_when_its_route_is_declared() -> None:
    def page(ask: Ask, device: str, problem: GatewayError | None = None) -> Response:
        return Response(device)

    def route(ask: Ask) -> Response:
        return ask.to("/")

    with pytest.raises(TypeError, match="device"):
        or_again(page)(route)


@pytest.mark.parametrize(
    ("media_type", "content", "status"),
    [
        ("application/json", b"{}", 400),
        ("application/x-www-form-urlencoded", b"a=" + b"x" * 300_000, 413),
    ],
)
async def test_a_form_that_is_none(
    browser: httpx.AsyncClient, place: str, media_type: str, content: bytes, status: int
) -> None:
    headers = {"Content-Type": media_type}
    answer = await browser.post(f"{place}/name", content=content, headers=headers)
    assert answer.status_code == status
    assert "<h1>" in answer.text


@pytest.mark.parametrize("token", ["", "another session's"])
async def test_a_form_of_no_page_of_this_session_changes_nothing(
    desk: Desk, browser: httpx.AsyncClient, phone: Device, place: str, token: str
) -> None:
    answer = await browser.post(f"{place}/name", data={"alias": "x"}, headers={"X-CSRF-Token": token})
    assert answer.status_code == 403
    assert desk.services.devices.get(phone.key).alias == ""
    with_field = {"alias": "x", "csrf": TOKEN}
    assert (await browser.post(f"{place}/name", data=with_field, headers={"X-CSRF-Token": ""})).is_redirect
