"""Which route a path leads to, and which thing it is about."""

import pytest

from gateway.endpoints.api import PREFIX, ROUTERS
from gateway.endpoints.api.signposts import Signposts

POSTS = Signposts(ROUTERS, PREFIX)
ACME = "/api/v1/organisations/acme"
PHONE = f"{ACME}/devices/ann@acme.example/P1"


@pytest.mark.parametrize(
    ("method", "path", "thing"),
    [
        ("PATCH", ACME, ACME),
        ("DELETE", PHONE, PHONE),
        ("POST", f"{PHONE}/provision", PHONE),
        ("POST", f"{PHONE}/password/reveal", PHONE),
        ("POST", f"{PHONE}/wipe", f"{PHONE}/wipe"),
        ("POST", f"{PHONE}/wipe/cancel", f"{PHONE}/wipe"),
        ("PUT", f"{ACME}/policy", f"{ACME}/policy"),
        ("POST", f"{ACME}/policies/strict/roll_back", f"{ACME}/policies/strict"),
        ("POST", f"{ACME}/wipes/w-1/approve", f"{ACME}/wipes/w-1"),
        ("PUT", f"{ACME}/access/rules", f"{ACME}/access/rules"),
        ("PUT", f"{ACME}/access/default", ACME),
        ("POST", f"{ACME}/users", None),
        ("POST", f"{ACME}/quarantine/approve", None),
        ("PUT", f"{ACME}/groups/staff/members/ann", None),
        ("PUT", "/api/v1/nothing", None),
        ("TRACE", ACME, None),
    ],
)
def test_the_thing_that_a_write_is_about(method: str, path: str, thing: str | None) -> None:
    assert POSTS.thing(method, path) == thing


def test_a_path_leads_to_the_route_that_serves_it() -> None:
    route = POSTS.route("GET", f"{ACME}/users/ann@acme.example/place")
    assert route is not None
    assert route.path == "/organisations/{organisation}/users/{user}/place"
    assert POSTS.route("GET", f"{ACME}/users/a/b/c") is None
