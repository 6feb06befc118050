"""What a new sample mailbox holds, so that a phone finds something to sync."""

from datetime import datetime, timedelta

from gateway.sample.mailbox import CALENDAR, CONTACTS, INBOX, Appointment, Letter, Mailbox, Person

_LETTERS = (
    ("Welcome", "This mailbox lives in memory and is gone when the demo stops.\n"),
    ("Minutes of Monday", "We agreed on the colour of the cover. Photographs follow on Thursday.\n"),
    ("Lunch?", "The small place by the river at noon?\n"),
)
_PEOPLE = (("Ada", "Brook", "+44 20 7946 0101"), ("Ivo", "Castell", "+44 20 7946 0102"))


def furnish(mailbox: Mailbox, now: datetime) -> None:
    """Fill a mailbox with a few mails before ``now``, an appointment after it and two contacts."""
    domain = mailbox.address.rpartition("@")[2]
    for age, (subject, text) in enumerate(_LETTERS, start=1):
        sender = f"ada.brook@{domain}"
        date = now - timedelta(hours=age)
        mailbox.collections[INBOX].put(Letter(sender, mailbox.address, subject, text, date))
    start = (now + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    meeting = Appointment("Cover, second draft", "Room 2", start, start + timedelta(hours=1))
    mailbox.collections[CALENDAR].put(meeting)
    for first, last, phone in _PEOPLE:
        address = f"{first}.{last}@{domain}".lower()
        mailbox.collections[CONTACTS].put(Person(first, last, address, phone))
