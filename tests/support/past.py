"""A past for the charts: three months of phones that came and of mornings at which they are busy."""

from datetime import timedelta

from gateway.app import Services
from gateway.chance import SystemClock
from gateway.records.history import DAY, FIVE_MINUTES, HOUR, Traffic, slot
from gateway.store.tables_history import device_history

DAYS = 90


def past(made: Services, organisation: str) -> None:
    """Keep it, as if the gateway had been there; a night without it is a gap."""
    now = SystemClock().now()
    spans = [(FIVE_MINUTES, 80), (HOUR, 170), (DAY, DAYS)]
    with made.store.write() as transaction:
        for span_s, number in spans:
            for back in range(number):
                if back % 60 not in (20, 21, 22):
                    at = slot(now, span_s) - timedelta(seconds=span_s * back)
                    transaction.history.add(_busy(at.hour if span_s < DAY else 12, Traffic(at, span_s)))
    _grown(made, made.tenants.organisation(organisation).id)


def _busy(hour: int, span: Traffic) -> Traffic:
    share = span.span_s * (2 + 8 * (7 <= hour <= 18) + span.at.minute % 7) // FIVE_MINUTES
    counted = (40 + share % 11, 30 * share, share, 2 * share, share // 9)
    return span.then(Traffic(span.at, span.span_s, "", *counted))


def _grown(made: Services, organisation: str) -> None:
    today = slot(SystemClock().now(), DAY)
    rows = [
        {
            "organisation": organisation,
            "day": today - timedelta(days=back),
            "states": {
                "Provisioning Succeeded": 60 - back // 3,
                "Provisioning Required": 3 + back % 9 + back // 5,
            },
        }
        for back in range(DAYS)
    ]
    with made.store.write() as transaction:
        transaction.history._connection.execute(device_history.insert(), rows)
