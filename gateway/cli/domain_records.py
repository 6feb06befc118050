"""``usher domain records`` and ``usher domain verify`` (product 2.5). Exit codes: ``gateway.cli.local``.

``verify`` ends with 1 when a required record is not verified: the ownership, or AutoDiscover and its phases.
"""

from collections.abc import Iterator

import click

from autodiscover.zone import Need
from gateway.cli.api import at
from gateway.cli.local import FAILED, Work, on_store
from gateway.cli.tables import table, visible
from gateway.endpoints.api.domain_records import CheckView, RecordsView, RecordView, VerdictView
from gateway.endpoints.api.domains import DomainView

CHECK_MARK = "\N{CHECK MARK}"


@click.command()
@click.argument("name", metavar="DOMAIN")
@click.option("--zone", "as_zone", is_flag=True, help="Print lines for a zone file.")
@on_store
def records(work: Work, name: str, as_zone: bool) -> None:
    """Show which DNS records DOMAIN publishes."""
    found = work.api.get(f"{_place(work, name)}/records", RecordsView)
    if as_zone and not work.as_json:
        click.echo(found.zone, nl=False)
        return
    work.show(found, lambda: table(("NAME", "TYPE", "VALUE", "NEED"), map(_row, found.records)))


@click.command()
@click.argument("name", metavar="DOMAIN")
@on_store
def verify(work: Work, name: str) -> None:
    """Look at the DNS records of DOMAIN and at both phases of AutoDiscover, and say what to mend."""
    found = work.api.post(f"{_place(work, name)}/verify", CheckView)
    work.show(found, lambda: "\n".join(_report(found)))
    if not found.verified:
        raise SystemExit(FAILED)


def _place(work: Work, name: str) -> str:
    domain = work.api.get(at("domains", name), DomainView)
    return at("organisations", domain.organisation, "domains", domain.name)


def _row(record: RecordView) -> tuple[str, str, str, str]:
    return record.name, record.type, " / ".join(record.values) or f"({record.note})", record.need


def _report(check: CheckView) -> Iterator[str]:
    yield table(
        ("NAME", "TYPE", "STATUS", "OBSERVED"),
        ((each.name, each.type, _status(each), each.observed) for each in check.records),
    )
    for verdict in check.records:
        for phase in verdict.phases:
            yield f"phase {phase.number} {'passed' if phase.passed else 'FAILED'}"
            for step in phase.steps:
                yield f"  {'ok    ' if step.passed else 'FAILED'} {visible(f'{step.url}: {step.observed}')}"
    mends = [each for each in check.records if each.mend]
    if mends:
        yield "to mend:"
    for verdict in mends:
        optional = "" if verdict.need == Need.REQUIRED.value else f" ({verdict.need})"
        yield f"  {verdict.name} {verdict.type}{optional}: {visible(verdict.mend)}"
    yield f"{check.domain} is {'verified' if check.verified else 'not verified'}"


def _status(verdict: VerdictView) -> str:
    return f"{verdict.status} {CHECK_MARK}" if verdict.check_mark else verdict.status
