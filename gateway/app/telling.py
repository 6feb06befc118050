"""How the administration's process tells others what happened (product 7.9): streams, webhooks and mails, all
woken by one reader of the change feed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.app.use_cases import Services
from gateway.chance import Secrets, SystemClock
from gateway.config import Config
from gateway.endpoints.administration import Rounds, Told
from gateway.endpoints.event_streams import Streams
from gateway.event_delivery import EventDelivery
from gateway.proxy.outgoing import Outgoing
from gateway.services.deliveries import Deliveries
from gateway.store import FeedGap
from gateway.worker import Bell


@dataclass(frozen=True, slots=True)
class Telling:
    """What tells, and what of it is to be started and stopped."""

    told: Told
    rounds: Sequence[Rounds]


def telling(config: Config, made: Services) -> Telling:
    """Make all of it; nothing runs yet."""
    bell = Bell(made.store.feed, FeedGap)
    deliveries = Deliveries(made.store, SystemClock(), made.webhooks.secrets, Secrets().share)
    webhooks = EventDelivery(deliveries, Outgoing(config.webhooks.ca_file).post, bell.listen)
    return Telling(Told(Streams(bell), (webhooks.close,)), (bell, webhooks))
