"""Every page of the console, and one of everything that a page may be about."""

from gateway.app import Services
from gateway.endpoints.console import ROUTERS
from gateway.records import Actor
from gateway.services.groups import GroupChanges
from gateway.services.webhooks import WebhookChanges
from gateway.services.wipe_guards import Wanted
from mdm.device import Device, WipeKind

APART = frozenset(
    {
        "/events/stream",
        "/events/moved",
        "/sign-in/provider/callback",
        "/webhooks/{webhook}",
        "/audit/export",
        "/o/{organisation}/devices.csv",
    }
)
"""What is no page, and what has no place beside the things that a page is about."""

OPENED = {route.path for router in ROUTERS for route in router.routes if "GET" in route.methods}  # type: ignore[attr-defined]
PAGES = sorted(OPENED - APART)
"""Every page's path below ``/console``."""

OLD = {"name": "old", "effect": "block", "conditions": [{"criterion": "os", "is": ["Android 4"]}]}


def names(device: Device, organisation: str, domain: str, **others: str) -> dict[str, str]:
    """What stands in the addresses of pages about these."""
    return {
        "organisation": organisation,
        "user": device.key.user,
        "device_id": device.key.device_id,
        "domain": domain,
        "policy": "default",
        "administrator": "olga",
        **others,
    }


def one_of_everything(
    made: Services, actor: Actor, organisation: str, device: Device, leaver: str
) -> dict[str, str]:
    """Make one of each, about the owner of ``device``; ``leaver`` is off-boarded."""
    wanted = Wanted(WipeKind.DEVICE, "stolen", device.key.device_id)
    order = made.wipes.request(actor, device.key, wanted)
    group = made.groups.create(actor, organisation, "Everybody", GroupChanges())
    owner = made.users.get(device.key.user)
    made.groups.add_member(actor, organisation, group.id, owner.address)
    book = made.access_rules.create(actor, organisation, OLD).book
    made.policies.set_policy(actor, organisation, {"settings": {"DevicePasswordEnabled": True}})
    job = made.offboarding.start(actor, made.users.get(leaver))
    address = WebhookChanges(url="https://hooks.example.org/in")
    webhook = made.webhooks.create(actor, device.key.organisation, address).webhook
    return names(
        device,
        organisation,
        owner.address.partition("@")[2],
        order=order.id,
        group=group.id,
        job=job.id,
        rule=str(book.rules[0]["id"]),
        webhook=webhook.id,
    )
