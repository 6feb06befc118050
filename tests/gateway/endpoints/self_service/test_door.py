"""The door of ``/self/``: in with address and password, and out (product 7.8). Who is kept out:
``tests/attacks/test_self_service``."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.endpoints.browsers import PRIVATE
from gateway.endpoints.self_service.door import BODY_LIMIT, COOKIE, SIGN_IN, SelfService
from gateway.services.throttle_windows import Allowance, Buckets
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, backend, gateway, serving
from tests.support.inhabited import outage
from tests.support.self_service import Browser, browsing

__all__ = ["backend", "gateway"]


@pytest.fixture
async def browser(gateway: Gateway) -> AsyncIterator[Browser]:
    async with browsing(gateway) as made:
        yield made


async def test_signing_in_and_out(browser: Browser) -> None:
    for path in ("/self", "/self/", "/self/app-passwords", "/self/nothing"):
        turned = await browser.get(path)
        assert (turned.status_code, turned.headers["location"]) == (303, SIGN_IN)
    entered = await browser.sign_in()
    assert (entered.status_code, entered.headers["location"]) == (303, "/self/")
    assert entered.headers["set-cookie"].startswith(f"{COOKIE}=ushy_")
    assert "ann@" in (await browser.get("/self/")).text
    left = await browser.do("/self/sign-out")
    assert "Max-Age=0" in left.headers["set-cookie"]
    assert (await browser.get("/self/")).status_code == 303


async def test_what_was_wrong_is_not_told(browser: Browser) -> None:
    answers = [
        await browser.sign_in(name, password)
        for name, password in (
            ("ann@example.com", "Wrong-Horse-1"),
            ("nobody@example.com", "Wrong-Horse-1"),
            ("", ""),
            ("a:b", "c"),
        )
    ]
    assert {answer.status_code for answer in answers} == {401}
    bodies = {answer.text.replace("nobody@", "ann@") for answer in answers[:2]}
    assert len(bodies) == 1


async def test_every_answer_says_what_may_be_loaded(browser: Browser) -> None:
    for path in ("/self/", SIGN_IN, "/self/style.css", "/self/nothing"):
        told = (await browser.get(path)).headers
        for name, value in PRIVATE:
            assert told[name.decode()] == value.decode()


async def test_a_form_is_short(browser: Browser) -> None:
    long = await browser.post(SIGN_IN, name="x" * BODY_LIMIT)
    assert long.status_code == 413
    strange = await browser.post(SIGN_IN, headers={"Content-Type": "application/json"}, name="x")
    assert strange.status_code == 400


async def test_without_a_database_it_is_busy(tmp_path: Path, backend: RecordingBackend) -> None:
    async with serving(tmp_path, backend) as running, browsing(running) as made:
        await made.sign_in()
        with outage(tmp_path):
            assert (await made.get("/self/")).status_code == 503


async def test_one_person_asks_so_often_from_all_browsers_together(
    gateway: Gateway, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_service(gateway), "_asked", Buckets(Allowance(burst=4, refill_s=3600)))
    await browser.sign_in()
    assert [(await browser.get("/self/")).status_code for _ in range(5)] == [200] * 4 + [429]
    async with browsing(gateway) as other:
        await other.sign_in()
        refused = await other.get("/self/")
        assert (refused.status_code, "retry-after" in refused.headers) == (429, True)
    async with browsing(gateway) as stranger:
        assert (await stranger.get(SIGN_IN)).status_code == 200


def self_service(gateway: Gateway) -> SelfService:
    (place,) = [each for each in gateway.app._app._app._places if isinstance(each, SelfService)]  # type: ignore[attr-defined]
    return place


async def test_the_pages_are_loaded_when_somebody_comes(gateway: Gateway, browser: Browser) -> None:
    place = self_service(gateway)
    assert place._things is None
    head = await browser.client.head(SIGN_IN)
    assert (head.status_code, head.content) == (200, b"")
    assert place._things is not None
