"""What somebody may give to another: never more than they hold themselves (product 7.6; T9, T25).

An appointment is covered by an authority when each single permission that it gives is held, within what the
token that asks is limited to, for all whom the appointment is for. So help desk makes no owner, an owner of
one organisation makes nobody in another, and nobody without ``wipe:full`` gives it away. The same rule guards
what amounts to becoming another: setting a password, or taking a second factor away.
"""

from collections.abc import Iterable

from gateway.errors import GatewayError, Kind, malformed
from gateway.records.administrators import Administrator
from gateway.records.authority import Appointment, Authority, Reach
from gateway.services.ports import Transaction
from gateway.services.tenants import found

TOO_MUCH = "You cannot give what you do not hold yourself."
BEYOND_YOU = "This account may do what you may not."


def covers(authority: Authority, appointment: Appointment) -> bool:
    """Whether the authority holds all that the appointment gives, for all whom it is for."""
    given = appointment.permissions
    return bool(given) and all(_contains(authority.reach(each), appointment) for each in given)


def require_covered(authority: Authority, appointments: Iterable[Appointment]) -> None:
    """GatewayError FORBIDDEN for an appointment that is more than the authority."""
    if not all(covers(authority, each) for each in appointments):
        raise GatewayError(Kind.FORBIDDEN, TOO_MUCH)


def require_no_more_than(authority: Authority, account: Administrator) -> None:
    """GatewayError FORBIDDEN for an account that may do more than the authority: who could become it, would
    too."""
    if not all(covers(authority, each) for each in account.appointments):
        raise GatewayError(Kind.FORBIDDEN, BEYOND_YOU)


def placed(transaction: Transaction, appointment: Appointment) -> Appointment:
    """The appointment with ids in place of names, for what is there and within reach.

    Raises:
        GatewayError: MALFORMED for a place that is none; NOT_FOUND for an organisation that is not there.
    """
    if not appointment.organisation:
        if appointment.narrow:
            raise malformed("organisation", "A domain or a group is part of an organisation: name that, too.")
        return _useful(appointment)
    organisation = found(transaction, appointment.organisation).id
    if appointment.domain and appointment.group:
        raise malformed("group", "An appointment is for a domain or for a group, not for both.")
    domain, group = appointment.domain.strip().lower(), appointment.group
    if domain:
        known = transaction.directory.domain(domain)
        if known is None or known.organisation != organisation:
            raise malformed("domain", "The organisation has no such domain.")
    if group:
        group = _group(transaction, organisation, group)
    return _useful(Appointment(appointment.role, organisation, domain, group, appointment.full_wipe))


def _group(transaction: Transaction, organisation: str, id_or_name: str) -> str:
    directory = transaction.directory
    known = directory.group(id_or_name) or directory.group_by_name(organisation, id_or_name)
    if known is None or known.organisation != organisation:
        raise malformed("group", "The organisation has no such group.")
    return known.id


def _useful(appointment: Appointment) -> Appointment:
    """A role that gives nothing where it is wanted would look like one that does."""
    full = Appointment(appointment.role, full_wipe=True)
    if appointment.full_wipe and full.permissions == Appointment(appointment.role).permissions:
        raise malformed("full_wipe", "This role wipes nothing, so it erases no whole device either.")
    if not appointment.permissions:
        raise malformed("role", "This role gives nothing for a part of an organisation.")
    return appointment


def _contains(reach: Reach, appointment: Appointment) -> bool:
    if not appointment.organisation:
        return reach.everything
    if reach.whole(appointment.organisation):
        return True
    partly = appointment.organisation in reach.partly
    named = appointment.domain in reach.domains or appointment.group in reach.groups
    return partly and appointment.narrow and named
