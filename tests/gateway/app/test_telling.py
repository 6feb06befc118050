"""The administration's process sends what happens to whoever is to be told."""

from gateway import app
from gateway.records import Actor
from gateway.services.webhooks import WebhookChanges
from tests.support.desk import Desk
from tests.support.gateway import until
from tests.support.receivers import receiver

ADMIN = Actor("admin", "root")


async def test_an_event_leaves_the_process_that_is_composed_for_it(desk: Desk) -> None:
    application = app.admin(desk.config)
    await application.start()
    try:
        async with receiver() as there:
            desk.services.webhooks.create(
                ADMIN, "", WebhookChanges(there.url, allow_private=True), everywhere=True
            )
            await until(lambda: bool(there.received))
            assert there.events[0]["type"] == "admin:webhook:created"
    finally:
        await application.drain()
        await application.close()
