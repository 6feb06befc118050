"""Views, keys and deliveries."""

import asyncio
from datetime import UTC, datetime

from gateway.sample.mailbox import INBOX, SENT, Collection, Letter, Mailbox, PostOffice, View

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def letter(subject="S"):
    return Letter("a@x.test", "b@x.test", subject, "text", NOON)


def test_a_view_learns_additions_changes_and_removals_once():
    folder, view = Collection("1", "Inbox", 2), View()
    first, second = folder.put(letter()), folder.put(letter())
    assert view.accept("0")
    view.step()
    changes, more = view.tell(folder, 10)
    assert ([change.new for change in changes], more) == ([True, True], False)
    view.step()
    folder.put(letter("other"), first)
    assert folder.remove(second)
    changes, _ = view.tell(folder, 10)
    assert [(change.server_id, change.new, change.item is None) for change in changes] == [
        (first, False, False),
        (second, False, True),
    ]
    assert view.tell(folder, 10) == ([], False)


def test_a_window_leaves_the_rest_for_later():
    folder, view = Collection("1", "Inbox", 2), View()
    for _ in range(5):
        folder.put(letter())
    sizes = []
    for _ in range(3):
        changes, more = view.tell(folder, 2)
        sizes.append((len(changes), more))
    assert sizes == [(2, True), (2, True), (1, False)]


def test_a_repeated_key_repeats_the_answer_and_a_foreign_one_is_refused():
    folder, view = Collection("1", "Inbox", 2), View()
    assert not view.accept("1")
    assert view.accept("0")
    one = view.step()
    folder.put(letter())
    assert view.accept(one)
    lost, _ = view.tell(folder, 10)
    view.step()
    assert view.accept(one)
    again, _ = view.tell(folder, 10)
    assert again == lost
    assert not view.accept("77")


def test_removing_what_is_not_there():
    assert not Collection("1", "Inbox", 2).remove("1:9")


async def test_delivery_wakes_those_who_live_here_and_forgets_the_rest():
    post = PostOffice(["Alice@x.test", "bob@x.test"])
    woken = post.mailboxes["bob@x.test"].next_change()
    asleep = post.mailboxes["alice@x.test"].next_change()
    assert post.deliver(letter(), ["BOB@x.test", "nobody@elsewhere.test"]) == 1
    await asyncio.wait_for(woken.wait(), 1)
    assert not asleep.is_set()
    post.keep_copy(letter(), "alice@x.test")
    assert len(post.mailboxes["alice@x.test"].collections[SENT].items) == 1


def test_news_is_counted_per_device():
    mailbox = Mailbox("a@x.test")
    assert mailbox.news("A", [INBOX, SENT]) == []
    mailbox.collections[INBOX].put(letter())
    assert mailbox.news("A", [INBOX, SENT]) == [INBOX]
    mailbox.view("A", INBOX).tell(mailbox.collections[INBOX], 10)
    assert mailbox.news("A", [INBOX]) == []
    assert mailbox.news("B", [INBOX]) == [INBOX]
