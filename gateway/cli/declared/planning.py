"""From files to a plan, with every fault before anything is done (product 7.5)."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.cli.api import Api
from gateway.cli.declared import documents, present
from gateway.cli.declared.plan import plan
from gateway.cli.declared.rehearsing import rehearse
from gateway.cli.declared.resolving import resolve
from gateway.cli.declared.values import Fault, Plan, State


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, or why there is none."""

    plan: Plan
    faults: tuple[Fault, ...] = ()


def planned(
    api: Api, files: Sequence[tuple[str, bytes]], *, prune: bool = False, rehearsed: bool = True
) -> Planned:
    """What has to be done; name and content of each file.

    Args:
        rehearsed: ask the API's dry runs as well.
    """
    described = documents.read(files)
    presents = {
        alias: present.read(api, alias, present.wanted(described, alias)) for alias in described.organisations
    }
    desired, missing = resolve(described, presents)
    if faults := (*described.faults, *missing):
        return Planned(Plan(), faults)
    now = {key: item for each in presents.values() for key, item in each.state.items.items()}
    found = plan(desired, State(now), prune=prune)
    return Planned(*rehearse(api, described, presents, found)) if rehearsed else Planned(found)
