"""A mail server that keeps what it takes: real sockets, STARTTLS or TLS from the first byte, a password."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.certificates import server_files

USER, PASSWORD = "usher", "canary-mail-password"


@dataclass
class Sink:
    """What it took, and how it behaves.

    Attributes:
        refusals: address to the answer that it gets instead of being taken.
        failing: the answer to every mail, empty for taking it.
    """

    port: int = 0
    folder: Path | None = None
    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    envelopes: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    logins: list[tuple[bytes, bool]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    failing: str = ""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.failing:
            return self.failing
        assert isinstance(envelope.content, bytes)
        self.raw.append(envelope.content)
        parsed = message_from_bytes(envelope.content, policy=POLICY)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        self.envelopes.append((str(envelope.mail_from), tuple(envelope.rcpt_tos)))
        self.encrypted.append(session.ssl is not None)
        return "250 taken"

    def login(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.logins.append((data.login, good))
        return AuthResult(success=good)


@contextmanager
def sink(
    folder: Path | None = None,
    *,
    implicit: bool = False,
    login: bool = False,
    names: tuple[str, ...] = ("localhost",),
    port: int = 0,
) -> Iterator[Sink]:
    """Run one; with ``folder`` it has TLS, and its authority is in ``ca.pem`` there."""
    taken = Sink(folder=folder)
    context = None
    if folder is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*server_files(folder, *names))

    def speak() -> SMTP:
        return SMTP(
            taken,
            tls_context=None if implicit else context,
            require_starttls=context is not None and not implicit,
            authenticator=taken.login if login else None,
            auth_required=login,
            auth_require_tls=not implicit,
            hostname="localhost",
        )

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    listening = loop.create_server(speak, "127.0.0.1", port, ssl=context if implicit else None)
    server = asyncio.run_coroutine_threadsafe(listening, loop).result(20)
    taken.port = server.sockets[0].getsockname()[1]
    try:
        yield taken
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()
