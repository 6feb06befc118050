"""Subscriptions to notices (product 7.9)."""

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag
from gateway.records.events import LetterKind, NoticeKind, Progress
from gateway.services.notices import MOST, Notices
from gateway.store import DatabaseStore
from tests.support.stores import ACME, GLOBEX, Clock

ADMIN = Actor("admin", "root")
DESK = "desk@acme.example"


@pytest.fixture
def notices(store: DatabaseStore) -> Notices:
    with store.write() as transaction:
        for each in (ACME, GLOBEX):
            transaction.directory.add_organisation(each)
    return Notices(store, Clock())


def test_an_address_is_told_what_it_was_last_set_to(notices: Notices, store: DatabaseStore) -> None:
    notices.put(ADMIN, ACME.id, DESK, [NoticeKind.WIPE])
    notices.put(ADMIN, ACME.id, DESK, [NoticeKind.BACKEND, NoticeKind.BACKEND])
    notices.put(ADMIN, ACME.id, DESK, [NoticeKind.BACKEND])
    (kept,) = notices.list(ACME.id)
    assert kept.kinds == (NoticeKind.BACKEND,)
    assert notices.list("") == notices.list(GLOBEX.id) == []
    notices.remove(ADMIN, ACME.id, DESK)
    assert notices.list(ACME.id) == []
    with store.read() as transaction:
        trail = transaction.audit.query(tag=AuditTag.NOTICES_CHANGED)
    assert [dict(record.after) for record in trail] == [
        {"kinds": ["wipe progress"]},
        {"kinds": ["backend impaired"]},
        {},
    ]


@pytest.mark.parametrize(
    "address",
    ("", "nobody", "a@b@c", "a b@acme.example", "a@acme.example\r\nBcc: e@x", "ä@acme.example", "<a@b.c>"),
)
def test_what_is_no_address_is_refused(notices: Notices, address: str) -> None:
    with pytest.raises(GatewayError) as caught:
        notices.put(ADMIN, ACME.id, address, [NoticeKind.WIPE])
    assert caught.value.kind is Kind.MALFORMED


def test_something_is_told_or_nothing_kept(notices: Notices) -> None:
    with pytest.raises(GatewayError) as caught:
        notices.put(ADMIN, ACME.id, DESK, [])
    assert set(caught.value.faults) == {"kinds"}


def test_a_test_goes_only_to_who_is_told_something(notices: Notices) -> None:
    for call in (notices.test, notices.remove):
        with pytest.raises(GatewayError) as caught:
            call(ADMIN, ACME.id, "stranger@elsewhere.example")
        assert caught.value.kind is Kind.NOT_FOUND
    notices.put(ADMIN, ACME.id, DESK, [NoticeKind.WIPE])
    with pytest.raises(GatewayError):
        notices.test(ADMIN, GLOBEX.id, DESK)
    letter = notices.test(ADMIN, ACME.id, DESK)
    assert (letter.kind, letter.state) == (LetterKind.TEST, Progress.PENDING)
    assert notices.letters(ACME.id) == [letter]


def test_there_is_an_end_to_them(notices: Notices) -> None:
    for number in range(MOST):
        notices.put(ADMIN, "", f"a{number}@acme.example", [NoticeKind.WIPE])
    with pytest.raises(GatewayError) as caught:
        notices.put(ADMIN, "", DESK, [NoticeKind.WIPE])
    assert caught.value.kind is Kind.CONFLICT
