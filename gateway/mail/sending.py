"""The mail server that takes notices (product 7.9): its certificate is checked, and no password is shown.

Blocking, for a thread of its own. A server that does not offer what the settings ask for is not sent to.
"""

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gateway.config import MailConfig, MailSecurity, read_secret
from gateway.mail.letters import Letters, TextBroken
from gateway.records.events import Message, Sent

TIMEOUT_S = 20.0
PERMANENT = 500


class MailServer:
    """Sends letters by the configured server."""

    def __init__(self, config: MailConfig, *, timeout_s: float = TIMEOUT_S) -> None:
        self._config = config
        self._letters = Letters(config.sender, config.templates)
        self._timeout_s = timeout_s

    def send(self, messages: Sequence[Message]) -> Sequence[Sent]:
        """Send each over one connection; never raises for what a server or a template does."""
        results: list[Sent] = []
        try:
            with self._connected() as server:
                for message in messages:
                    results.append(self._sent(server, message))
        except (OSError, smtplib.SMTPException, ValueError) as error:
            rest = messages[len(results) :]
            results += [Sent(each.letter, _words(error)) for each in rest]
        return results

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        config = self._config
        with self._opened() as server:
            if config.security is MailSecurity.STARTTLS:
                server.starttls(context=self._trust())
            if config.user and config.password_file is not None:
                server.login(config.user, read_secret(config.password_file).decode())
            yield server

    def _opened(self) -> smtplib.SMTP:
        config = self._config
        if config.security is MailSecurity.TLS:
            return smtplib.SMTP_SSL(config.host, config.port, timeout=self._timeout_s, context=self._trust())
        return smtplib.SMTP(config.host, config.port, timeout=self._timeout_s)

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._config.ca_file is not None:
            context.load_verify_locations(cafile=self._config.ca_file)
        return context

    def _sent(self, server: smtplib.SMTP, message: Message) -> Sent:
        letter = message.letter
        try:
            mail = self._letters.compose(message)
            server.send_message(mail, self._config.sender, [letter.address])
        except smtplib.SMTPRecipientsRefused as error:
            ((code, _text),) = error.recipients.values()
            return Sent(letter, f"the server refuses the address ({code})", final=code >= PERMANENT)
        except (TextBroken, smtplib.SMTPResponseException, UnicodeError) as error:
            return Sent(letter, _words(error))
        return Sent(letter)


def _words(error: Exception) -> str:
    """What went wrong, without what a server said: a refused login may hold the password."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the server refuses it ({error.smtp_code}, {type(error).__name__})"
    if isinstance(error, TextBroken):
        return f"its text cannot be used: {error}"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason or type(error).__name__}"
    return str(getattr(error, "strerror", None) or type(error).__name__)
