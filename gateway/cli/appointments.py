"""How an appointment is typed and told: ``--role``, and what it is for."""

from collections.abc import Callable
from typing import Any

import click

from gateway.endpoints.api.administrator_views import AppointmentView
from gateway.records.authority import Role

ROLES = [role.value for role in Role]
FORM = "ROLE[@ORGANISATION[/domain:NAME or /group:NAME]][+full-wipe], as viewer@acme/domain:acme.example"
_FULL = "+full-wipe"


def read_appointment(text: str) -> dict[str, Any]:
    """An appointment as it is typed in one word; click.BadParameter for anything else."""
    plain, full = text.removesuffix(_FULL), text.endswith(_FULL)
    role, _, place = plain.partition("@")
    organisation, _, part = place.partition("/")
    kind, _, name = part.partition(":")
    if role not in ROLES or (part and (kind not in ("domain", "group") or not name)):
        raise click.BadParameter(f"an appointment is {FORM}")
    return {"role": role, "organisation": organisation, "full_wipe": full} | ({kind: name} if part else {})


def told(appointment: AppointmentView) -> str:
    """An appointment in one word, as it can be typed."""
    place = f"@{appointment.organisation}" if appointment.organisation else ""
    part = f"/domain:{appointment.domain}" if appointment.domain else ""
    part = f"/group:{appointment.group}" if appointment.group else part
    return f"{appointment.role.value}{place}{part}{_FULL if appointment.full_wipe else ''}"


def appointed(*, required: bool = True, many: bool = True) -> Callable[..., Any]:
    """The option that names appointments."""
    return click.option(
        "--as",
        "appointments",
        multiple=many,
        required=required,
        callback=_each if many else _one,
        metavar="APPOINTMENT",
        help=f"{FORM}; roles: {', '.join(ROLES)}.",
    )


def _each(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> list[dict[str, Any]]:
    return [read_appointment(each) for each in values]


def _one(_context: click.Context, _option: click.Parameter, value: str) -> dict[str, Any]:
    return read_appointment(value)
