"""``usher apply``: bring organisations to the state that files describe, with a plan first (product 7.5).

Exit codes: ``gateway.cli.local``, and 5 where there is something to change and ``--detailed-exitcode`` or
``usher drift`` asks whether there is. It is not 2, as with others, since 2 is wrong usage everywhere here.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from gateway.cli.declared import texts
from gateway.cli.declared.applying import Manner, Outcome
from gateway.cli.declared.applying import apply as carry_out
from gateway.cli.declared.planning import planned
from gateway.cli.declared.values import Plan, Step
from gateway.cli.local import CODES, FAILED, USAGE, Work, end, on_store
from gateway.cli.tables import visible
from gateway.errors import GatewayError

DIFFERS = 5
"""Exit code: what is there is not what is described."""

FILES = click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
)
PRUNE = click.option("--prune", is_flag=True, help="Remove what a complete section or list does not have.")


def _options(command: Callable[..., None]) -> Callable[..., None]:
    options = (
        click.option("--plan", "only_plan", is_flag=True, help="Only say what would be done."),
        PRUNE,
        click.option("--yes", is_flag=True, help="Do not ask."),
        click.option("--detailed-exitcode", "detailed", is_flag=True, help="With --plan: 5 for changes."),
        click.option(
            "--over", "minutes", type=click.IntRange(min=0), help="Minutes to spread policies over."
        ),
        click.option("--reason", default="", help="Why; kept in the audit trail with policies."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@FILES
@_options
@on_store
def apply(work: Work, /, files: Sequence[Path], only_plan: bool, **options: Any) -> None:
    """Bring organisations to the state that FILES describe."""
    found = plan_of(work, files, prune=options["prune"])
    if options["detailed"] and not only_plan:
        end("--detailed-exitcode goes with --plan", USAGE)
    if only_plan:
        work.show(texts.document(found), lambda: texts.told(found))
        raise SystemExit(DIFFERS if options["detailed"] and found else 0)
    if found.steps and not options["yes"]:
        _confirm(work, found)
    manner = Manner(options["reason"], options["minutes"])
    _end(work, found, carry_out(work.api, found, manner, lambda step: _told(work, step)))


def plan_of(work: Work, files: Sequence[Path], *, prune: bool, rehearsed: bool = True) -> Plan:
    """The plan that files make; ends the command with every fault of them."""
    read = []
    for file in files:
        with click.open_file(str(file), "rb") as stream:
            read.append((str(file), stream.read()))
    found = planned(work.api, read, prune=prune, rehearsed=rehearsed)
    if found.faults:
        end(f"nothing was changed:\n{texts.faults(found.faults)}", USAGE)
    return found.plan


def _confirm(work: Work, found: Plan) -> None:
    if work.as_json:
        end("--json needs --yes or --plan", USAGE)
    click.echo(texts.told(found))
    click.confirm("\nDo this?", abort=True)


def _told(work: Work, step: Step) -> None:
    if not work.as_json:
        click.echo(f"done: {texts.headlines(step)}")


def _end(work: Work, found: Plan, outcome: Outcome) -> None:
    """What was done, and what was not."""
    kept = texts.withheld(found) if found.steps else [texts.told(found)]
    refusal = texts.refusal(outcome.refusal) if outcome.refusal else None
    done, left = texts.changes(outcome.done), texts.changes(outcome.left)
    document = {"done": done, "left": left, "refusal": refusal, "withheld": texts.document(found)["withheld"]}
    if work.as_json or kept:
        work.show(document, lambda: "\n".join(kept))
    for step in outcome.left:
        click.echo(f"not done: {texts.headlines(step)}", err=True)
    if outcome.refusal is not None:
        end(_why(outcome.refusal), CODES.get(outcome.refusal.kind, FAILED))


def _why(error: GatewayError) -> str:
    faults = [f"\n  {name}: {visible(fault)}" for name, fault in error.faults.items()]
    return (error.public or error.kind.value) + "".join(faults)
