"""``usher drift``: whether what is there is still what files describe (product 7.5); for cron.

Ends with 0 where it is, with 5 where it is not. No dry run is asked, so it costs reading alone.
"""

from collections.abc import Sequence
from pathlib import Path

import click

from gateway.cli.apply import DIFFERS, FILES, plan_of
from gateway.cli.declared import texts
from gateway.cli.local import Work, on_store


@click.command()
@FILES
@on_store
def drift(work: Work, files: Sequence[Path]) -> None:
    """Tell how organisations differ from what FILES describe."""
    found = plan_of(work, files, prune=True, rehearsed=False)
    work.show(
        texts.document(found), lambda: texts.told(found) if found else "everything is as it is described"
    )
    if found:
        raise SystemExit(DIFFERS)
