"""Where the console's pages are: one table, of which everybody sees what they may open (product 7.2)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from gateway.endpoints.api import (
    administrators,
    all_devices,
    archive,
    audit,
    conduct,
    devices,
    domains,
    events,
    groups,
    history,
    jobs,
    machine,
    notices,
    permissions,
    policies,
    quarantine,
    resources,
    rules,
    safeguards,
    scp,
    tokens,
    users,
    webhooks,
    wipes,
)
from gateway.endpoints.api.organisations import OrganisationView, list_organisations
from gateway.endpoints.console.asking import Ask
from gateway.endpoints.console.operations import named


class Entry(NamedTuple):
    """A page.

    Attributes:
        label: in English. path: with ``{home}`` where it is about one organisation.
        operation: what it opens with; who may not use it is not shown the way.
    """

    label: str
    path: str
    operation: Callable[..., Any]


OF_ONE: Sequence[Entry] = (
    Entry("Devices", "/console/o/{home}/devices", devices.list_devices),
    Entry("Figures", "/console/o/{home}/figures", devices.count_devices),
    Entry("Devices to look at", "/console/o/{home}/attention", conduct.list_suspended),
    Entry("Archive", "/console/o/{home}/archive", archive.list_archived),
    Entry("Quarantine", "/console/o/{home}/quarantine", quarantine.get_queue),
    Entry("Wipes and approvals", "/console/o/{home}/wipes", wipes.list_orders),
    Entry("Off-boarding", "/console/o/{home}/jobs", jobs.list_jobs),
    Entry("Users", "/console/o/{home}/users", users.list_users),
    Entry("Groups", "/console/o/{home}/groups", groups.list_groups),
    Entry("Rooms and equipment", "/console/o/{home}/resources", resources.list_resources),
    Entry("Opened mailboxes", "/console/o/{home}/permissions", permissions.list_permissions),
    Entry("Policies", "/console/o/{home}/policies", policies.list_policies),
    Entry("Access rules", "/console/o/{home}/rules", rules.get_rules),
    Entry("Domains", "/console/o/{home}/domains", domains.list_domains),
    Entry("Expected devices", "/console/o/{home}/expected", rules.list_expected),
    Entry("Webhooks", "/console/o/{home}/webhooks", named(webhooks.router, "list_webhooks")),
    Entry("Mail notices", "/console/o/{home}/notices", named(notices.router, "list_notices")),
    Entry("Settings", "/console/o/{home}/settings", safeguards.get_safeguards),
)
OF_ALL: Sequence[Entry] = (
    Entry("Overview", "/console/", list_organisations),
    Entry("All devices", "/console/devices", all_devices.list_all_devices),
    Entry("Organisations", "/console/organisations", list_organisations),
    Entry("Traffic", "/console/traffic", history.list_traffic),
    Entry("Mail servers", "/console/backends", machine.list_backends),
    Entry("Certificates", "/console/certificates", machine.list_certificates),
    Entry("Active Directory", "/console/active-directory", scp.service_connection_points),
    Entry("Administrators", "/console/administrators", administrators.list_administrators),
    Entry("API tokens", "/console/tokens", tokens.mint_token),
    Entry("Events", "/console/events", events.list_events),
    Entry("Webhooks", "/console/webhooks", named(webhooks.everywhere, "list_webhooks")),
    Entry("Mail notices", "/console/notices", named(notices.everywhere, "list_notices")),
    Entry("Audit", "/console/audit", audit.list_records),
    Entry("Stop every wipe", "/console/stop-wipes", wipes.stop_all_wipes),
)


def menu(ask: Ask, home: OrganisationView | None) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Titles with their entries: what is about the organisation at hand first, then the gateway."""
    if home is not None:
        shown = [each for each in OF_ONE if ask.may(each.operation, home.id)]
        yield home.name, [(each.label, each.path.format(home=home.alias)) for each in shown]
    yield "", [(each.label, each.path) for each in OF_ALL if ask.may(each.operation)]
