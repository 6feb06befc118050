"""The ports of events, held by the store's rows."""

import pytest

from gateway.services import event_ports
from gateway.store import letters, webhooks
from tests.support.agreement import assert_kept

PAIRS = [
    (event_ports.Webhooks, webhooks.WebhookRows),
    (event_ports.Deliveries, webhooks.DeliveryRows),
    (event_ports.Places, webhooks.PlaceRows),
    (event_ports.Subscriptions, letters.SubscriptionRows),
    (event_ports.Letters, letters.LetterRows),
]


@pytest.mark.parametrize(("port", "rows"), PAIRS)
def test_every_method_is_there_with_the_same_parameters(port: type, rows: type) -> None:
    assert_kept(port, rows)
