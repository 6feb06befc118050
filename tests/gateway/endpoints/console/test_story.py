"""What happened, in words for people and in every language (product 7.2)."""

from gateway.endpoints.console.story import sentence
from gateway.endpoints.console.wording import languages
from gateway.records import AuditTag
from gateway.services.event_catalogue import CATALOGUE


def test_a_record_is_a_sentence() -> None:
    assert sentence(AuditTag.POLICY_ACKNOWLEDGED) == "A device accepted its policy."


def test_the_second_language_has_every_sentence() -> None:
    known = languages()["de"].texts
    assert [each for each in CATALOGUE.values() if each not in known] == []
