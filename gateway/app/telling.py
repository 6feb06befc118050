"""How the administration's process tells others what happened (product 7.9): streams, webhooks and mails, all
woken by one reader of the change feed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.app.use_cases import Services
from gateway.certificate_watch import EVERY_S as CERTIFICATES_S
from gateway.certificate_watch import CertificateWatch
from gateway.chance import Secrets, SystemClock
from gateway.config import Config
from gateway.endpoints.administration import Rounds as Started
from gateway.endpoints.administration import Told
from gateway.endpoints.event_streams import Streams
from gateway.event_delivery import EventDelivery
from gateway.mail.sending import MailServer
from gateway.mail_delivery import EVERY_S, MailDelivery
from gateway.proxy.outgoing import Outgoing
from gateway.services.certificates import CertificateNotes
from gateway.services.deliveries import Deliveries
from gateway.services.letters import Letters
from gateway.store import FeedGap
from gateway.worker import Bell, Rounds, Woken


@dataclass(frozen=True, slots=True)
class Telling:
    """What tells, and what of it is to be started and stopped."""

    told: Told
    rounds: Sequence[Started]


def telling(config: Config, made: Services) -> Telling:
    """Make all of it; nothing runs yet."""
    bell = Bell(made.store.feed, FeedGap)
    deliveries = Deliveries(made.store, SystemClock(), made.webhooks.secrets, Secrets().share)
    webhooks = EventDelivery(deliveries, Outgoing(config.webhooks.ca_file).post, bell.listen)
    mails = [_mails(config, made, bell)] if config.mail.configured else []
    looking = CertificateWatch(config.tls, CertificateNotes(made.store, SystemClock()))
    certificates = Rounds(looking.round, CERTIFICATES_S, name="certificates", at_once=True)
    return Telling(Told(Streams(bell), (webhooks.close,)), (bell, webhooks, *mails, certificates))


def _mails(config: Config, made: Services, bell: Bell) -> Woken:
    letters = Letters(made.store, SystemClock(), Secrets().share, per_hour=config.mail.per_hour)
    delivery = MailDelivery(letters, MailServer(config.mail).send)
    return Woken(delivery.round, EVERY_S, bell, name="mail")
