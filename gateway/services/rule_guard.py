"""What would lock everybody out, or let everybody in, is refused unless it is forced (T32).

Two looks, because either alone can be fooled: at the rules, by ``mdm.rule_lint``, which needs no device; and
at the known devices and at strangers made up for the purpose, which sees what the rules come to together.
Only what a change brings about is held against it, so an unhappy set can still be improved.
"""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address

from gateway.errors import GatewayError, Kind
from gateway.services.impact import Impact, Regime
from mdm.criteria import Facts
from mdm.device import AccessLevel
from mdm.rule_lint import Finding, Lint
from mdm.rules import Mode

GUARD_DEVICES = 10_000
"""Known devices that a change is measured against while it is made; a dry run looks at all."""

ODD = "zz-never-made"
STRANGERS = (
    Facts(device_type=ODD, model=ODD, os=f"{ODD} 1", user_agent=f"{ODD}/1", protocol_version="16.1"),
    Facts(device_type=ODD, user_agent=f"{ODD}/1", protocol_version="14.1", network=ip_address("192.0.2.1")),
    Facts(device_type=ODD, protocol_version="12.1", network=ip_address("2001:db8::1")),
)
"""Devices that no rule can mean by name."""

FATAL: Mapping[Finding, str] = {
    Finding.LOCKS_OUT_EVERYONE: "This stops every device",
    Finding.ADMITS_EVERYONE: "This lets every device in, also those that nobody has seen",
}


def require_sane(
    before: Sequence[Lint], after: Sequence[Lint], regimes: tuple[Regime, Regime], told: Impact
) -> None:
    """Refuse a change that locks everybody out or lets everybody in.

    Args:
        before, after: what lint finds in the sets before and after.
        told: what the change does to the known devices.

    Raises:
        GatewayError: CONFLICT, with numbers.
    """
    workmail = regimes[1].organisation.rules_mode is Mode.WORKMAIL
    if told.admitted_before and not told.admitted_after:
        raise _refused("Nobody would be let in any more", told)
    if workmail and _new(Finding.NOBODY_ADMITTED, before, after):
        raise _refused("No rule allows anything, so every device is stopped", told)
    for finding, text in FATAL.items():
        own_way = workmail and finding is Finding.ADMITS_EVERYONE
        if not own_way and _new(finding, before, after):
            raise _refused(text, told)
    if not workmail and _open_to_all(regimes[1]) and not _open_to_all(regimes[0]):
        raise _refused(FATAL[Finding.ADMITS_EVERYONE], told)


def _new(finding: Finding, before: Sequence[Lint], after: Sequence[Lint]) -> bool:
    return any(each.finding is finding for each in after) and all(
        each.finding is not finding for each in before
    )


def _open_to_all(regime: Regime) -> bool:
    """Whether rules, not the default, let in whoever comes."""
    if regime.organisation.default_access is AccessLevel.ALLOW:
        return False
    return all(regime.rules.ask(facts).level is AccessLevel.ALLOW for facts in STRANGERS)


def _refused(text: str, told: Impact) -> GatewayError:
    of = "" if told.all_seen else " looked at"
    numbers = (
        f"of {told.devices} known devices{of}, {told.admitted_before} are let in now and "
        f"{told.admitted_after} would be; {sum(told.cut_off.values())} would be cut off"
    )
    return GatewayError(Kind.CONFLICT, f"{text}: {numbers}. Force it if that is meant.")
