"""Views of the device list that administrators keep (product 7.2)."""

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag
from gateway.services.saved_views import MOST, NAME_LIMIT, SavedViews
from gateway.store import DatabaseStore
from tests.support.accounts import House, house

OLD = {"os": "iOS 15", "sort": "-last_seen", "search": "ann"}


@pytest.fixture(name="home")
def _home(store: DatabaseStore) -> House:
    return house(store)


@pytest.fixture(name="views")
def _views(home: House) -> SavedViews:
    return home.door.saved_views


def refusal(views: SavedViews, actor: Actor, account: str, name: str, question: dict[str, str]) -> Kind:
    with pytest.raises(GatewayError) as error:
        views.save(actor, account, name, question)
    return error.value.kind


def signed_in(home: House, name: str) -> tuple[str, Actor]:
    account = home.make(name)
    return account.id, Actor("admin", name, credential="s-1")


def test_what_is_saved_is_there_changed_and_removed(home: House, views: SavedViews) -> None:
    ann, actor = signed_in(home, "ann")
    saved = views.save(actor, ann, "  Old iPhones ", OLD)
    assert (saved.name, saved.question, saved.saved_at) == ("Old iPhones", OLD, home.clock.now())
    views.change(actor, ann, saved.id, name="Very old")
    views.change(actor, ann, saved.id, question={"held": "yes"})
    assert [(each.name, each.question) for each in views.of(ann)] == [("Very old", {"held": "yes"})]
    views.remove(actor, ann, saved.id)
    assert views.of(ann) == []
    told = [(each.tag, each.target) for each in home.trail(AuditTag.VIEW_SAVED, AuditTag.VIEW_REMOVED)]
    assert sorted(told, key=str) == sorted(
        [(AuditTag.VIEW_SAVED, ann)] * 3 + [(AuditTag.VIEW_REMOVED, ann)], key=str
    )


def test_the_trail_has_the_name_and_not_what_is_asked(home: House, views: SavedViews) -> None:
    ann, actor = signed_in(home, "ann")
    views.save(actor, ann, "One person", {"search": "Canary"})
    (record,) = home.trail(AuditTag.VIEW_SAVED)
    assert "One person" in str(record)
    assert "Canary" not in str(record)


def test_another_accounts_views_are_not_there(home: House, views: SavedViews) -> None:
    ann, actor = signed_in(home, "ann")
    bob, other = signed_in(home, "bob")
    saved = views.save(actor, ann, "Mine", OLD)
    views.save(other, bob, "Mine", {})
    with pytest.raises(GatewayError) as changed:
        views.change(other, bob, saved.id, name="Stolen")
    with pytest.raises(GatewayError) as removed:
        views.remove(other, bob, saved.id)
    assert (changed.value.kind, removed.value.kind) == (Kind.NOT_FOUND, Kind.NOT_FOUND)
    assert [each.question for each in views.of(ann)] == [OLD]


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("", {}),
        ("x" * (NAME_LIMIT + 1), {}),
        ("two\nlines", {}),
        ("x", {"last_seen": "yesterdayish"}),
        ("x", {"sort": "colour"}),
        ("x", {"colour": "red"}),
    ],
)
def test_what_no_list_understands_is_not_kept(
    home: House, views: SavedViews, name: str, question: dict[str, str]
) -> None:
    ann, actor = signed_in(home, "ann")
    assert refusal(views, actor, ann, name, question) is Kind.MALFORMED
    kept = views.save(actor, ann, "good", {})
    with pytest.raises(GatewayError):
        views.change(actor, ann, kept.id, name=name, question=question)
    assert views.of(ann) == [kept]


def test_a_name_is_given_once_and_there_is_an_end(home: House, views: SavedViews) -> None:
    ann, actor = signed_in(home, "ann")
    first, *_ = (views.save(actor, ann, f"view {number}", OLD) for number in range(MOST))
    assert refusal(views, actor, ann, "one more", {}) is Kind.CONFLICT
    views.remove(actor, ann, first.id)
    assert refusal(views, actor, ann, "view 7", {}) is Kind.CONFLICT
    seventh = next(each for each in views.of(ann) if each.name == "view 7")
    assert views.change(actor, ann, seventh.id, name="view 7", question={}).question == {}
    with pytest.raises(GatewayError) as taken:
        views.change(actor, ann, seventh.id, name="view 8")
    assert taken.value.faults == {"name": "You have a view of this name."}
