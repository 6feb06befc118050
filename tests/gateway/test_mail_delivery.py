"""Notices reach a real mail server, also one that was away for a while (product 7.9)."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.config import MailConfig, MailSecurity
from gateway.mail.sending import MailServer
from gateway.mail_delivery import MailDelivery
from gateway.records import Actor, AuditRecord, AuditTag
from gateway.records.events import Message, NoticeKind, Sent
from gateway.services.letters import Letters
from gateway.services.notices import Notices
from gateway.store import DatabaseStore, migrate, open_store
from tests.support import ports
from tests.support.smtp_sink import PASSWORD, USER, sink
from tests.support.stores import ACME, Clock

ADMIN = Actor("admin", "root")
DESK = "desk@acme.example"


@pytest.fixture
def store(tmp_path: Path) -> DatabaseStore:
    url = f"sqlite:///{tmp_path / 'usher.db'}"
    migrate(url)
    store = open_store(url)
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
    return store


async def test_what_happened_while_the_server_was_away_arrives(store: DatabaseStore, tmp_path: Path) -> None:
    (port,) = ports.free(1)
    password = tmp_path / "mail.password"
    password.write_text(PASSWORD)
    clock = Clock()
    config = MailConfig(
        "localhost",
        port,
        MailSecurity.STARTTLS,
        USER,
        password,
        "usher@example.org",
        ca_file=tmp_path / "ca.pem",
    )
    with sink(tmp_path, login=True):
        pass  # makes the certificate that the settings name, and is gone again
    Notices(store, clock).put(ADMIN, ACME.id, DESK, [NoticeKind.WIPE])
    letters = Letters(store, clock, lambda: 0.5, per_hour=20)
    delivery = MailDelivery(letters, MailServer(config, timeout_s=10).send)
    await delivery.round()
    with store.write() as transaction:
        transaction.audit.append(
            AuditRecord(AuditTag.WIPE_CONFIRMED, clock.now(), ADMIN, ACME.id, "u-1/PHONE1")
        )
    await delivery.round()
    (waiting,) = Notices(store, clock).letters(ACME.id)
    assert (waiting.attempts, waiting.error) == (1, "Connection refused")
    clock.pass_by(seconds=30)
    with sink(tmp_path, login=True, port=port) as there:
        await delivery.round()
        await delivery.round()
    (mail,) = there.mails
    assert mail["To"] == DESK
    assert "acknowledged its wipe" in mail.get_content()
    assert there.encrypted == [True]
    store.close()


async def test_a_server_that_is_away_is_asked_once_a_round(store: DatabaseStore) -> None:
    batches: list[int] = []

    def nobody(messages: Sequence[Message]) -> Sequence[Sent]:
        batches.append(len(messages))
        return [Sent(each.letter, "Connection refused") for each in messages]

    notices = Notices(store, Clock())
    notices.put(ADMIN, ACME.id, DESK, [NoticeKind.WIPE])
    for _ in range(12):
        notices.test(ADMIN, ACME.id, DESK)
    delivery = MailDelivery(Letters(store, Clock(), lambda: 0.5, per_hour=20), nobody)
    await delivery.round()
    assert len(batches) == 1
    await delivery.round()
    await delivery.round()
    assert sum(batches) == 12
    store.close()
