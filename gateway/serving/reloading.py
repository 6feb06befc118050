"""The certificates of the listeners, chosen by SNI and exchanged while they serve (product 9.1).

The listeners keep one context for their life. Every handshake is handed over to a context that was loaded
last, so a reload holds from the next handshake on and disturbs no connection: calling ``load_cert_chain`` a
second time instead would leave an old RSA certificate in force beside a new EC one.

A bad file harms nobody but itself: it is told and left out, or what it replaces stays in use. Only the
default certificate must be good at the start.
"""

import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from certs.errors import CertificateError
from certs.selection import Selection
from gateway.config import CertificateFiles, Tls
from gateway.config.certificate_files import certificate_files
from gateway.serving.certificates import Served, Terms, read, reason
from gateway.serving.tls import server_context


@dataclass(frozen=True, slots=True)
class _State:
    """What is served at one time; replaced as a whole, so that a handshake sees the old or the new."""

    held: dict[CertificateFiles, Served]
    chosen: Selection[Served]
    default: Served


class ReloadableContext:
    """The context of a listener, whose certificates can be exchanged while it serves.

    Attributes:
        context: what the server is given, once.
        problems: files that are not served, or not as they are now, and why.
    """

    def __init__(
        self,
        tls: Tls,
        *,
        names: Iterable[str] = (),
        forced: bool = False,
        now: datetime,
    ) -> None:
        """``names`` are those that clients of the default certificate use; ``forced`` allows an expired
        certificate, and a self-signed or development one under public names.

        Raises:
            CertificateError: the default certificate cannot be served, with the reason.
        """
        self._tls = tls
        self._names = tuple(names)
        self._forced = forced
        self.problems: tuple[str, ...] = ()
        self._state = self._load({}, now)
        files = self._state.default.files
        self.context = server_context(files.certificate, files.key)
        self.context.sni_callback = self._hand_over

    def reload(self, now: datetime) -> str | None:
        """Serve what the files hold now; where that cannot be, keep what is served and return the reasons.

        It reads every file: call it in a thread.
        """
        try:
            self._state = self._load(self._state.held, now)
        except CertificateError as error:
            return str(error)
        return "; ".join(self.problems) or None

    def covers(self, name: str) -> bool:
        """Whether a certificate in service has this folded name."""
        return name in self._state.chosen

    def __len__(self) -> int:
        return len(self._state.held)

    def _hand_over(
        self, connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, _context: ssl.SSLContext
    ) -> None:
        state = self._state
        chosen = state.chosen.find(name.lower()) if name else None
        connection.context = (chosen or state.default).context

    def _load(self, before: dict[CertificateFiles, Served], now: datetime) -> _State:
        held: dict[CertificateFiles, Served] = {}
        problems: list[str] = []
        for files in self._listed():
            try:
                held[files] = read(files, self._terms(files, now), before.get(files))
            except CertificateError as error:
                problems.append(str(error))
                if files in before:
                    held[files] = before[files]
        chosen = Selection((served.names, served) for served in held.values())
        default = self._default(held, chosen, problems)
        self.problems = tuple(problems)
        return _State(held, chosen, default)

    def _listed(self) -> tuple[CertificateFiles, ...]:
        try:
            return certificate_files(self._tls)
        except OSError as error:
            raise CertificateError(f"{self._tls.folder}: {reason(error)}") from error

    def _terms(self, files: CertificateFiles, now: datetime) -> Terms:
        return Terms(now, self._names if files == self._tls.default else None, self._forced)

    def _default(
        self, held: dict[CertificateFiles, Served], chosen: Selection[Served], problems: list[str]
    ) -> Served:
        """The one that is named as such, or else the one for the name that clients use."""
        if self._tls.default is not None:
            found = held.get(self._tls.default)
        else:
            named = [served for name in self._names if (served := chosen.find(name))]
            anything = list(held.values()) if self._forced else []
            found = next(iter((*named, *anything)), None)
        if found is None:
            lacking = f"no certificate has the name {', '.join(self._names)}"
            raise CertificateError("; ".join(problems) or lacking)
        return found
