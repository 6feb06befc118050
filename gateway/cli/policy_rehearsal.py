"""What a change of policy would do, told to people (product 4.3, 4.5)."""

from gateway.endpoints.api.policy_views import RehearsalView, ShortcomingView


def told(said: RehearsalView) -> str:
    """Whom it would touch, and what it would not achieve."""
    lines = [f"touches {said.touched} of {said.devices} devices; {said.under} are under this policy"]
    if said.coming:
        lines.append(f"{said.coming} provision anyway when they come, and get it then")
    if said.wiping:
        lines.append(f"{said.wiping} are due for a wipe, which stays")
    return "\n".join([*lines, *(_short(each) for each in said.shortcomings)])


def _short(each: ShortcomingView) -> str:
    if each.version:
        return f"{each.devices} cannot carry {each.setting}: protocol {each.version} does not have it"
    return f"{each.devices} will not do {each.setting}: {each.label} is known to ignore it"
