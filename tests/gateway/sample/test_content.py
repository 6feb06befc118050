"""A new mailbox."""

from datetime import UTC, datetime

from gateway.sample.content import furnish
from gateway.sample.mailbox import CALENDAR, CONTACTS, INBOX, Mailbox


def test_a_mailbox_has_something_of_everything():
    mailbox = Mailbox("alice@x.test")
    furnish(mailbox, datetime(2026, 5, 4, 12, 30, tzinfo=UTC))
    counts = {name: len(mailbox.collections[name].items) for name in (INBOX, CALENDAR, CONTACTS)}
    assert counts == {INBOX: 3, CALENDAR: 1, CONTACTS: 2}
    (_, meeting) = next(iter(mailbox.collections[CALENDAR].items.values()))
    assert meeting.start == datetime(2026, 5, 5, 12, tzinfo=UTC)
