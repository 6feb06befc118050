"""An administrator's account in the audit trail: where acts on it stand, and what of it is shown there."""

from typing import Any

from gateway.records import Actor, AuditTag
from gateway.records.administrators import Administrator
from gateway.records.authority import Appointment
from gateway.services.acts import Act
from gateway.services.ports import Store


def home_of(account: Administrator | None) -> str:
    """The organisation in whose trail acts on the account stand, empty for no single one and for nobody."""
    homes = {each.organisation for each in account.appointments} if account else set()
    return homes.pop() if len(homes) == 1 else ""


def act_on(store: Store, tag: AuditTag, actor: Actor, account: str) -> Act:
    """An act on the account with this id, whether there is one or not."""
    with store.read() as transaction:
        return Act(tag, actor, home_of(transaction.administrators.account(account)), account)


def shown(account: Administrator) -> dict[str, Any]:
    """An account as the audit trail shows it: nothing that proves it."""
    return {
        "name": account.name,
        "display_name": account.display_name,
        "address": account.address,
        "state": account.state.value,
        "person": account.person,
        "issuer": account.issuer,
        "subject": account.subject,
        "second_factor": account.enrolled,
        "appointments": [appointment_document(each) for each in account.appointments],
    }


def appointment_document(appointment: Appointment) -> dict[str, Any]:
    """An appointment in JSON; what is empty is left out."""
    values = {
        "role": appointment.role.value,
        "organisation": appointment.organisation,
        "domain": appointment.domain,
        "group": appointment.group,
        "full_wipe": appointment.full_wipe,
    }
    return {name: value for name, value in values.items() if value}
