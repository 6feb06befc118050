"""``usher user profile-link``."""

from collections.abc import Callable
from typing import Any

from tests.support.desk import Desk, Usher
from tests.support.world import ADMIN, PASSWORD


def test_a_link_for_people_and_for_programs(
    usher: Usher, asked: Callable[..., Any], acme: str, desk: Desk
) -> None:
    desk.services.users.create(ADMIN, acme, "bob@acme.example", password=PASSWORD)
    shown = usher("user", "profile-link", "bob@acme.example").output
    assert shown.startswith("https://")
    assert "good until" in shown
    url = asked("user", "profile-link", "bob@acme.example", "--minutes", "5")["url"]
    assert desk.services.profiles.behind(url.rpartition("/")[2]) is not None


def test_what_is_refused(usher: Usher, acme: str) -> None:
    usher("user", "profile-link", "nobody@acme.example", code=3)
    usher("user", "profile-link", "nobody@acme.example", "--minutes", "0", code=2)
