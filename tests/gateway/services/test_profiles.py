"""Links to profiles: good once and for a while, and nobody gets one out of the database."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.chance import Secrets
from gateway.errors import Kind
from gateway.records import AuditTag, OrganisationState, UserState
from gateway.services.profiles import TOKEN, Fetcher, Profiles
from gateway.services.tenants import Settings
from gateway.services.user_changes import UserChanges
from tests.support.refusals import refused
from tests.support.world import ADMIN, World


@pytest.fixture
def profiles(world: World) -> Profiles:
    world.organisation()
    world.user()
    return Profiles(world.store, world.clock, Secrets(), "https://usher.example")


def token(profiles: Profiles, valid_s: int = 3600) -> str:
    url = profiles.link(ADMIN, "ann@acme.example", valid_s).url
    assert url.startswith("https://usher.example/mobileconfig/")
    return url.removeprefix("https://usher.example/mobileconfig/")


def behind(profiles: Profiles, link: str) -> Fetcher:
    found = profiles.behind(link)
    assert found is not None
    return found


def test_a_link_leads_to_its_user_once(world: World, profiles: Profiles) -> None:
    link = token(profiles)
    assert TOKEN.fullmatch(link)
    ann = behind(profiles, link)
    assert (ann.address, ann.user) == ("ann@acme.example", world.users.get("ann@acme.example").id)
    assert behind(profiles, link) == ann
    assert profiles.take(link, ann, "192.0.2.7", "Safari")
    assert profiles.behind(link) is None
    assert not profiles.take(link, ann, "192.0.2.7", "Safari")
    used = [each for each in world.trail() if each.tag is AuditTag.PROFILE_LINK_USED]
    assert [(each.target, each.actor.address) for each in used] == [(ann.user, "192.0.2.7")]
    assert link not in repr(world.trail())


def test_of_many_who_come_together_one_gets_it(profiles: Profiles) -> None:
    link = token(profiles)
    ann = behind(profiles, link)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: profiles.take(link, ann, "", ""), range(16)))
    assert taken.count(True) == 1


def test_a_link_expires_and_is_swept_up_by_the_next(world: World, profiles: Profiles) -> None:
    link = token(profiles, 60)
    ann = behind(profiles, link)
    world.clock.pass_by(seconds=60)
    assert profiles.behind(link) is None
    assert not profiles.take(link, ann, "", "")
    world.clock.pass_by(seconds=1)
    token(profiles)
    with world.store.write() as transaction:
        assert transaction.profile_links.prune(world.clock.now()) == 0


def test_only_a_digest_is_kept(world: World, profiles: Profiles) -> None:
    link = token(profiles)
    with world.store.write() as transaction:
        assert transaction.profile_links.find(link, world.clock.now()) is None
    assert link != token(profiles)


def test_whoever_is_disabled_gets_nothing(world: World, profiles: Profiles) -> None:
    link = token(profiles)
    world.users.change(ADMIN, "ann@acme.example", UserChanges(state=UserState.DISABLED))
    assert profiles.behind(link) is None
    assert profiles.signed(world.users.get("ann@acme.example").id) is None
    refused(Kind.CONFLICT, lambda: profiles.link(ADMIN, "ann@acme.example"))
    refused(Kind.NOT_FOUND, lambda: profiles.link(ADMIN, "bob@acme.example"))
    assert world.trail()[-1].tag is AuditTag.ACT_REFUSED
    world.users.remove(ADMIN, "ann@acme.example")
    assert profiles.behind(link) is None


def test_the_one_who_signed_in(world: World, profiles: Profiles) -> None:
    world.tenants.change_organisation(ADMIN, "acme", Settings(state=OrganisationState.INACTIVE))
    ann = profiles.signed(world.users.get("ann@acme.example").id)
    assert ann is not None
    assert ann.address == "ann@acme.example"
    assert profiles.signed("u-nobody") is None


@pytest.mark.parametrize("valid_s", [0, 59, 604801])
def test_a_time_out_of_bounds(profiles: Profiles, valid_s: int) -> None:
    refused(Kind.MALFORMED, lambda: profiles.link(ADMIN, "ann@acme.example", valid_s))
