"""The ports of events are what the store's rows are."""

from gateway.services import event_ports
from gateway.store import letters, webhooks


def test_the_rows_have_every_method_of_their_port() -> None:
    pairs = (
        (event_ports.Webhooks, webhooks.WebhookRows),
        (event_ports.Deliveries, webhooks.DeliveryRows),
        (event_ports.Places, webhooks.PlaceRows),
        (event_ports.Subscriptions, letters.SubscriptionRows),
        (event_ports.Letters, letters.LetterRows),
    )
    for port, rows in pairs:
        asked = {name for name in vars(port) if not name.startswith("_")}
        assert asked <= set(vars(rows))
