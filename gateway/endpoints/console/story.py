"""What happened, told to people (product 7.2, 7.8): a record of the trail becomes a sentence.

The sentences are those of the catalogue of events, so that a webhook, a mail and the console say the same of
the same thing; other languages translate them like every other text. The tag stands beside them for who asks
the trail.
"""

from gateway.endpoints.api.audit import AuditFilter, RecordView, list_records
from gateway.endpoints.console.asking import Ask
from gateway.records import AuditTag
from gateway.services.event_catalogue import CATALOGUE

STORY = 200
"""Records of a device's story on its page; the audit page has them all."""


def sentence(tag: AuditTag) -> str:
    """What a record means, in English; the tag itself where no sentence is kept."""
    return CATALOGUE.get(tag, tag.value)


def story(ask: Ask, organisation: str, target: str) -> list[RecordView] | None:
    """The records about a target, the newest first; None for who may not read the trail."""
    asked = AuditFilter(organisation=organisation, target=target, limit=STORY, newest_first=True)
    found = ask.seen(list_records, query=asked)
    return found.items if found else None
