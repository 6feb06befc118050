"""The API as commands call it: in this process, and over TLS with a token (product 7.4)."""

from collections.abc import Iterator

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
