"""What the records say about a partnership, put before ``mdm.access`` and the access rules (product 6.1)."""

from collections.abc import Iterable
from datetime import datetime
from ipaddress import ip_address
from math import inf

from gateway.records import Organisation, OrganisationState, User, UserState
from mdm.access import Override, Standing, Suspension
from mdm.criteria import ACTIVESYNC, Address, Facts
from mdm.device import AccessLevel, Device
from mdm.rules import Mode, Outcome


def facts_of(
    device: Device,
    user: User,
    groups: Iterable[str] = (),
    ip: str | None = None,
    protocol: str = ACTIVESYNC,
    *,
    user_agent: str | None = None,
    version: str = "",
) -> Facts:
    """What the rules may ask about a device and its user.

    Args:
        ip: source address, empty when unknown; None for that of the last contact.
        user_agent: of the request at hand, which may be empty; None for that of the last contact.
        version: protocol version of the request at hand; without one, that of the last contact.
    """
    told = device.information
    said = device.user_agent if user_agent is None else user_agent
    return Facts(
        device_type=device.device_type or None,
        model=told.model,
        os=told.os,
        user_agent=said or told.user_agent,
        protocol_version=version or device.protocol_version or None,
        user=user.id,
        addresses=frozenset({user.address, *user.aliases}),
        groups=frozenset(groups),
        domain=user.address.rpartition("@")[2],
        network=read_address(device.last_ip if ip is None else ip),
        protocol=protocol,
    )


def read_address(text: str) -> Address | None:
    """An address as the trusted proxies told it; None for what is none."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def standing_of(device: Device, user: User, organisation: Organisation, rules: Outcome) -> Standing:
    """Everything about a partnership that can decide.

    WorkMail's rules have a default of their own and know no exception from it (spec/workmail-api.md 1.6).
    """
    workmail = organisation.rules_mode is Mode.WORKMAIL
    spared = organisation.spared_before is not None and device.first_seen < organisation.spared_before
    override = device.access and Override(device.access, device.access_reason, device.access_until)
    suspended = device.suspended_until and Suspension(device.suspended_until, device.suspended_reason)
    return Standing(
        default=AccessLevel.BLOCK if workmail else organisation.default_access,
        override=override or None,
        suspension=suspended or None,
        conflict=device.conflict,
        rules=rules,
        only_listed=user.only_listed,
        spared=spared and not workmail,
        user_enabled=user.state is not UserState.DISABLED,
        organisation_active=organisation.state is OrganisationState.ACTIVE,
    )


def ends_after(standing: Standing, now: datetime) -> float:
    """When the next thing in ``standing`` runs out, seconds since the epoch; infinity for nothing."""
    timed = [one.until for one in (standing.override, standing.suspension) if one is not None]
    return min((until.timestamp() for until in timed if until is not None and until > now), default=inf)
