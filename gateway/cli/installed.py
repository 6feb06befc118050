"""The certificates that a configuration names, judged (product 9.1): `usher certs check` and `usher check`.

With several certificates none needs every name: a name is missing when no certificate has it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from certs import chain
from certs.errors import CertificateError
from certs.names import advised as all_names
from gateway.cli.served import certificates, served_domains
from gateway.config import CertificateFiles, Config
from gateway.config.certificate_files import certificate_files
from gateway.serving.certificates import reason
from gateway.serving.tls import server_context

INSTALLED = "installed"
SHOWN_NAMES = 20
"""Names that ``usher check`` lists one by one."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that holds no certificate."""

    finding: chain.Finding

    @property
    def level(self) -> chain.Level:
        return chain.Level.FAULT

    @property
    def text(self) -> str:
        """For people."""
        return f"FAULT    {self.finding.topic:6} {self.finding.text}"


Report = chain.Report | Unreadable


def judged(
    config: Config,
    roots: Sequence[chain.Certificate],
    now: datetime,
    *,
    required: Sequence[str],
    advised: Sequence[str],
) -> dict[str, Report]:
    """A report for each certificate; the first one also tells the names that none has.

    Raises:
        CertificateError: there is no certificate, or the only one cannot be read.
        OSError: likewise.
    """
    listed = certificate_files(config.tls)
    if not listed:
        raise CertificateError("the configuration names no certificate: a front proxy has it")
    if len(listed) == 1:
        return {INSTALLED: _report(listed[0], roots, now, required, advised)}
    chosen, _ = certificates(config)

    def hers(names: Sequence[str]) -> list[str]:
        """Names that lead to the first certificate, or to none."""
        return [name for name in names if chosen.find(name) in (None, listed[0])]

    reports: dict[str, Report] = {}
    for place, files in enumerate(listed):
        wanted = (hers(required), hers(advised)) if place == 0 else ((), ())
        try:
            reports[f"{INSTALLED} {files.certificate}"] = _report(files, roots, now, *wanted)
        except (CertificateError, OSError) as error:
            finding = chain.Finding("file", chain.Level.FAULT, reason(error))
            reports[f"{INSTALLED} {files.certificate}"] = Unreadable(finding)
    return reports


def _report(
    files: CertificateFiles,
    roots: Sequence[chain.Certificate],
    now: datetime,
    required: Sequence[str],
    advised: Sequence[str],
) -> chain.Report:
    read = chain.parse(files.certificate.read_bytes())
    report = chain.inspect(read, now, roots=roots, required=required, advised=advised)
    try:
        server_context(files.certificate, files.key)
    except (CertificateError, OSError) as error:
        fault = chain.Finding("key", chain.Level.FAULT, f"{files.key}: {reason(error)}")
        return replace(report, findings=(*report.findings, fault))
    return report


def warnings(config: Config, now: datetime) -> Iterator[str]:
    """What ``usher check`` has to say of certificates that can be served: those that expire soon, and names
    of clients that none has."""
    chosen, bad = certificates(config)
    for files in certificate_files(config.tls):
        if files not in bad:
            left = chain.parse(files.certificate.read_bytes())[0].not_valid_after_utc - now
            if left < chain.WARNING_AHEAD:
                yield f"{files.certificate} expires in {max(left.days, 0)} days"
    try:
        domains = served_domains(config)
    except CertificateError as error:
        yield str(error)
        return
    lacking = [name for name in all_names(config.public_host, domains) if name not in chosen]
    bare = frozenset(domains)
    needed = [name for name in lacking if name not in bare]
    yield from (f"no certificate has the name {name}" for name in needed[:SHOWN_NAMES])
    if len(needed) > SHOWN_NAMES:
        yield f"and {len(needed) - SHOWN_NAMES} more names; usher certs check lists them"
