"""Values of events, webhooks and letters."""

from gateway.records import AuditTag
from gateway.records.events import Event, LetterKind, NoticeKind, Progress, Webhook
from tests.support.stores import NOON


def test_an_event_has_the_id_of_its_record() -> None:
    event = Event(7, AuditTag.DEVICE_SEEN, "title", NOON, "m-1", "u-1/P", None, "device", "x", "", "done")
    assert event.id == "e-7"


def test_a_secret_is_in_no_repr() -> None:
    webhook = Webhook(
        "w-1", "", "https://a.example/", "", (), True, False, 0, NOON, secret=b"sealed-1", former=b"sealed-2"
    )
    assert "sealed" not in repr(webhook)


def test_words_are_told_apart() -> None:
    for kind in (Progress, NoticeKind, LetterKind):
        assert len({each.value for each in kind}) == len(kind)
