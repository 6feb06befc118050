"""The API as commands call it: in this process, and over TLS with a token (product 7.4)."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.cli.api import Api, at, elsewhere, on_this_machine
from gateway.endpoints.api.organisations import OrganisationList, OrganisationView
from gateway.endpoints.api.users import UserList
from gateway.errors import GatewayError, Kind
from gateway.records.authority import MACHINE, Appointment, Authority, Role
from tests.support.desk import Desk
from tests.support.world import ADMIN, PASSWORD


@pytest.fixture
def api(desk: Desk) -> Iterator[Api]:
    with on_this_machine(desk.services, Authority("cli:me", appointments=MACHINE, confirmed=True)) as api:
        yield api


def test_a_name_stays_one_part_of_the_path() -> None:
    assert at("users", "../a b@x/ü") == "/users/..%2Fa%20b@x%2F%C3%BC"


def test_what_is_done_is_done_by_who_runs_the_command(desk: Desk, api: Api) -> None:
    made = api.post(at("organisations"), OrganisationView, {"alias": "acme"})
    assert api.get(at("organisations", "acme"), OrganisationView) == made
    (record,) = desk.services.audit.query(organisation=made.id)
    assert (record.actor.name, record.actor.address, record.actor.user_agent) == ("cli:me", "", "")


def test_a_refusal_arrives_as_it_was_raised(api: Api) -> None:
    with pytest.raises(GatewayError) as refused:
        api.post(at("organisations"), OrganisationView, {"alias": "A B", "device_limit": 0})
    assert refused.value.kind is Kind.MALFORMED
    assert set(refused.value.faults) == {"alias", "device_limit"}
    with pytest.raises(GatewayError) as missing:
        api.get(at("organisations", "nobody"), OrganisationView)
    assert missing.value.kind is Kind.NOT_FOUND


def test_a_change_is_bound_to_what_was_read(api: Api, acme: str) -> None:
    home, tag = api.tagged(at("organisations", acme), OrganisationView)
    assert (home.name, tag.startswith('"')) == ("Acme", True)
    bound = {"If-Match": tag}
    api.send("PATCH", at("organisations", acme), {"name": "New"}, headers=bound)
    with pytest.raises(GatewayError) as refused:
        api.send("PATCH", at("organisations", acme), {"name": "Newer"}, headers=bound)
    assert refused.value.kind is Kind.CHANGED


def test_all_pages_are_read(desk: Desk, api: Api, acme: str) -> None:
    for name in "abcde":
        desk.services.users.create(ADMIN, acme, f"{name}@acme.example", password=PASSWORD)
    pages = list(api.pages(at("organisations", acme, "users"), UserList, limit=2))
    assert [len(page.items) for page in pages] == [2, 2, 1]


def test_somebody_with_less_can_do_less(desk: Desk, acme: str) -> None:
    viewer = Authority("clerk", appointments=(Appointment(Role.VIEWER),))
    with on_this_machine(desk.services, viewer) as api:
        assert api.get(at("organisations"), OrganisationList).items
        with pytest.raises(GatewayError) as refused:
            api.patch(at("organisations", acme), OrganisationView, {"name": "Mine"})
    assert refused.value.kind is Kind.FORBIDDEN


def test_a_token_is_never_sent_in_the_clear() -> None:
    with pytest.raises(GatewayError, match="https"), elsewhere("http://localhost:1", "token", None):
        pass


def test_a_gateway_that_is_not_there_is_no_stack_trace() -> None:
    with elsewhere("https://127.0.0.1:1", "token", None) as api, pytest.raises(GatewayError) as away:
        api.get(at("organisations"), OrganisationList)
    assert away.value.kind is Kind.UNAVAILABLE


def answering(status: int, content: bytes) -> Api:
    """Whatever listens there instead of a gateway."""
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=content))
    return Api(httpx.Client(transport=transport, base_url="https://elsewhere"))


@pytest.mark.parametrize("content", [b"<html>", b"[]", b'{"items": 1}', b""])
def test_who_is_no_gateway_is_told_by_its_answers(content: bytes) -> None:
    with pytest.raises(GatewayError, match="no admin listener") as odd:
        answering(200, content).get(at("organisations"), OrganisationList)
    assert odd.value.kind is Kind.UNAVAILABLE


@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [
        (502, b"<html>", Kind.INTERNAL),
        (404, b"[]", Kind.NOT_FOUND),
        (403, b'{"title": 1}', Kind.FORBIDDEN),
        (301, b"", Kind.INTERNAL),
        (409, b'{"title": "conflict", "errors": null}', Kind.CONFLICT),
    ],
)
def test_a_refusal_without_a_problem_document(status: int, content: bytes, kind: Kind) -> None:
    with pytest.raises(GatewayError) as refused:
        answering(status, content).get(at("organisations"), OrganisationList)
    assert refused.value.kind is kind


@pytest.mark.parametrize("url", ["http://localhost:1", "localhost:1", "https://", "https://a b:x/", "//h"])
def test_what_is_no_https_url_is_not_asked(url: str) -> None:
    with pytest.raises(GatewayError, match="https") as wrong, elsewhere(url, "token", None):
        pass
    assert wrong.value.kind is Kind.MALFORMED


def test_a_file_without_certificates_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("nothing\n")
    with pytest.raises(GatewayError, match=r"ca\.pem holds no"), elsewhere("https://h:1", "token", file):
        pass


def test_no_more_is_asked_for_than_is_wanted(desk: Desk, api: Api, acme: str) -> None:
    for name in "abcde":
        desk.services.users.create(ADMIN, acme, f"{name}@acme.example", password=PASSWORD)
    place = at("organisations", acme, "users")
    assert [len(page.items) for page in api.pages(place, UserList, most=3)] == [3]
    assert [len(page.items) for page in api.pages(place, UserList, most=5)] == [5]
    assert [len(page.items) for page in api.pages(place, UserList, most=3, limit=2)] == [2, 1]
    assert not list(api.pages(place, UserList, most=0))


def in_turn(*answers: httpx.Response) -> tuple[Api, list[httpx.Request]]:
    waiting, asked = list(answers), []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    client = httpx.Client(transport=httpx.MockTransport(answer), base_url="https://usher.example")
    return Api(client), asked


def test_whoever_asks_too_often_waits_as_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answers are written here: the budgets themselves are shown in test_rates."""
    paused: list[float] = []
    monkeypatch.setattr("gateway.cli.api.time.sleep", paused.append)
    later = [httpx.Response(429, headers={"Retry-After": seconds}) for seconds in ("3", "600")]
    api, asked = in_turn(*later, httpx.Response(200, json={"items": []}))
    api.send("POST", at("organisations"), {"alias": "acme"}, headers={"Idempotency-Key": "k"})
    assert paused == [3, 30]
    assert [request.content for request in asked] == [asked[0].content] * 3
    assert asked[2].headers["idempotency-key"] == "k"


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "soon"}, {"Retry-After": "1"}])
def test_who_is_told_no_moment_does_not_wait_for_ever(
    monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    monkeypatch.setattr("gateway.cli.api.time.sleep", lambda _seconds: None)
    api, asked = in_turn(httpx.Response(429, headers=headers))
    with pytest.raises(GatewayError):
        api.send("GET", at("organisations"))
    assert len(asked) == (10 if headers == {"Retry-After": "1"} else 1)
