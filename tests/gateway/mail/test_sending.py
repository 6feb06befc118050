"""Sending by a real server over real sockets: STARTTLS, TLS, a password, and servers that are not there."""

from pathlib import Path

import pytest

from gateway.config import MailConfig, MailSecurity
from gateway.mail.sending import MailServer
from gateway.records.events import Letter, LetterKind, Message
from tests.support import ports
from tests.support.smtp_sink import PASSWORD, USER, Sink, sink
from tests.support.stores import NOON

MESSAGE = Message(Letter("", "desk@acme.example", LetterKind.TEST, NOON, NOON, id=1))
OTHER = Message(Letter("", "other@acme.example", LetterKind.TEST, NOON, NOON, id=2))


def server(
    port: int, security: MailSecurity = MailSecurity.NONE, folder: Path | None = None, **values: object
) -> MailServer:
    trusted = folder / "ca.pem" if folder else None
    config = MailConfig(
        "localhost",
        port,
        security,
        sender="usher@example.org",
        ca_file=trusted,
        **values,  # type: ignore[arg-type]
    )
    return MailServer(config, timeout_s=10)


def secret(folder: Path, text: str = PASSWORD) -> Path:
    path = folder / "mail.password"
    path.write_text(text + "\n")
    return path


def test_a_mail_arrives() -> None:
    with sink() as there:
        (result,) = server(there.port).send([MESSAGE])
    assert (result.error, result.letter) == ("", MESSAGE.letter)
    assert there.envelopes == [("usher@example.org", ("desk@acme.example",))]
    assert there.mails[0]["Subject"] == "[Usher] Test of the notices"


@pytest.mark.parametrize("implicit", (False, True))
def test_with_tls_and_a_password(tmp_path: Path, implicit: bool) -> None:
    security = MailSecurity.TLS if implicit else MailSecurity.STARTTLS
    with sink(tmp_path, implicit=implicit, login=True) as there:
        sender = server(there.port, security, tmp_path, user=USER, password_file=secret(tmp_path))
        results = sender.send([MESSAGE, OTHER])
    assert [each.error for each in results] == ["", ""]
    assert len(there.mails) == 2
    assert there.logins == [(USER.encode(), True)]
    assert implicit or there.encrypted == [True, True]


@pytest.mark.parametrize("security", (MailSecurity.STARTTLS, MailSecurity.TLS))
def test_a_server_that_is_not_to_be_trusted_gets_nothing(tmp_path: Path, security: MailSecurity) -> None:
    for names, trusted in ((("localhost",), None), (("other.example",), tmp_path)):
        with sink(tmp_path, implicit=security is MailSecurity.TLS, login=True, names=names) as there:
            sender = server(there.port, security, trusted, user=USER, password_file=secret(tmp_path))
            (result,) = sender.send([MESSAGE])
        assert result.error.startswith("TLS: ")
        assert (there.mails, there.logins) == ([], [])


def test_what_is_not_offered_is_not_done_without() -> None:
    with sink() as there:
        (result,) = server(there.port, MailSecurity.STARTTLS).send([MESSAGE])
    assert result.error
    assert there.mails == []


def test_a_wrong_password_is_said_without_it(tmp_path: Path) -> None:
    with sink(tmp_path, login=True) as there:
        sender = server(
            there.port,
            MailSecurity.STARTTLS,
            tmp_path,
            user=USER,
            password_file=secret(tmp_path, "canary-wrong-password"),
        )
        (result,) = sender.send([MESSAGE])
    assert result.error
    assert "canary" not in result.error
    assert not result.final
    assert (there.mails, there.logins[0]) == ([], (USER.encode(), False))


def test_nobody_there_is_tried_again() -> None:
    (result,) = server(ports.free(1)[0]).send([MESSAGE])
    assert "refused" in result.error.lower()
    assert not result.final


def refusing(there: Sink, answer: str) -> None:
    there.refusals["desk@acme.example"] = answer


@pytest.mark.parametrize(("answer", "final"), (("550 no such user", True), ("451 later", False)))
def test_one_refused_address_is_not_the_others(answer: str, final: bool) -> None:
    with sink() as there:
        refusing(there, answer)
        first, second = server(there.port).send([MESSAGE, OTHER])
    assert (first.final, second.error) == (final, "")
    assert answer[:3] in first.error
    assert "no such" not in first.error
    assert [each["To"] for each in there.mails] == ["other@acme.example"]


def test_a_mail_that_is_not_taken_is_tried_again() -> None:
    with sink() as there:
        there.failing = "554 canary: content rejected"
        (result,) = server(there.port).send([MESSAGE])
    assert "554" in result.error
    assert "canary" not in result.error


def test_a_text_that_cannot_be_used_is_not_the_others(tmp_path: Path) -> None:
    (tmp_path / "test.txt").write_text("{{ unknown }}")
    with sink() as there:
        results = server(there.port, templates=tmp_path).send([MESSAGE, OTHER])
    assert all("test.txt" in each.error for each in results)


def test_a_password_file_that_is_gone_is_a_failure(tmp_path: Path) -> None:
    with sink(tmp_path, login=True) as there:
        sender = server(
            there.port, MailSecurity.STARTTLS, tmp_path, user=USER, password_file=tmp_path / "gone"
        )
        (result,) = sender.send([MESSAGE])
    assert result.error == "No such file or directory"
