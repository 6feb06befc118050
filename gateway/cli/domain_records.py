"""``usher domain records`` and ``usher domain verify`` (product 2.5). Exit codes: ``gateway.cli.local``.

``verify`` ends with 1 when a required record is not verified: the ownership, or AutoDiscover and its phases.
"""

import asyncio
from collections.abc import Iterator, Sequence

import click

from autodiscover.verdicts import Verdict
from autodiscover.zone import Need, row, zone_file
from certs.errors import CertificateError
from gateway.cli.local import FAILED, Work, end, on_store
from gateway.cli.tables import table, visible
from gateway.endpoints.api.domain_records import check_view, view
from gateway.services.domain_records import Check, Plan

CHECK_MARK = "\N{CHECK MARK}"


@click.command()
@click.argument("name", metavar="DOMAIN")
@click.option("--zone", "as_zone", is_flag=True, help="Print lines for a zone file.")
@on_store
def records(work: Work, name: str, as_zone: bool) -> None:
    """Show which DNS records DOMAIN publishes."""
    known = work.services.domain_records
    plan = known.plan(name)
    if as_zone and not work.as_json:
        click.echo(zone_file(plan.records), nl=False)
        return
    work.show(view(plan, known.last(name)), lambda: _listed(plan))


@click.command()
@click.argument("name", metavar="DOMAIN")
@on_store
def verify(work: Work, name: str) -> None:
    """Look at the DNS records of DOMAIN and at both phases of AutoDiscover, and say what to mend."""
    plan = work.services.domain_records.plan(name)
    try:
        verdicts = asyncio.run(_examined(work, plan))
    except CertificateError as error:
        end(f"dns.ca_file: {error}", FAILED)
    check = work.services.domain_records.save(plan, verdicts)
    work.show(check_view(check), lambda: "\n".join(_report(check, verdicts)))
    if not check.verified:
        raise SystemExit(FAILED)


async def _examined(work: Work, plan: Plan) -> tuple[Verdict, ...]:
    return await work.services.examine(plan.domain, plan.records)


def _listed(plan: Plan) -> str:
    return table(("NAME", "TYPE", "VALUE", "NEED"), (row(each) for each in plan.records))


def _report(check: Check, verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield table(
        ("NAME", "TYPE", "STATUS", "OBSERVED"),
        ((each.record.name, each.record.rdtype, _status(each), each.fact) for each in verdicts),
    )
    for verdict in verdicts:
        for phase in verdict.phases:
            yield f"phase {phase.number} {'passed' if phase.passed else 'FAILED'}"
            for step in phase.steps:
                yield f"  {'ok    ' if step.passed else 'FAILED'} {visible(f'{step.url}: {step.fact}')}"
    mends = [each for each in verdicts if each.mend]
    if mends:
        yield "to mend:"
    for verdict in mends:
        optional = "" if verdict.record.need is Need.REQUIRED else f" ({verdict.record.need.value})"
        yield f"  {verdict.record.name} {verdict.record.rdtype}{optional}: {visible(verdict.mend)}"
    yield f"{check.domain} is {'verified' if check.verified else 'not verified'}"


def _status(verdict: Verdict) -> str:
    return f"{verdict.status.value} {CHECK_MARK}" if verdict.check_mark else verdict.status.value
