"""One version of a rule set: read from what somebody wrote, shown to people, recorded (product 6.2, 8)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.errors import GatewayError, Kind
from gateway.records import Organisation, RuleSetVersion
from gateway.services.acts import Entry
from gateway.services.names import require_text
from gateway.services.ports import Transaction
from gateway.services.rule_sets import rules_in
from gateway.services.rule_values import RuleValues
from mdm.errors import RuleError
from mdm.rule_documents import from_document, to_document
from mdm.rules import RULES_LIMIT, Mode, Rule, RuleSet

WORKMAIL_RULES_LIMIT = 10
"""Rules of an organisation in WorkMail's mode (spec/workmail-api.md 1.6)."""

DESCRIPTION_LIMIT = 1024
"""Characters of a rule's description."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RuleBook:
    """A set as people read it: names for ids.

    Attributes:
        version: 0 where nobody has made a rule; created_at and created_by are None and empty then.
        rules: documents with ``created_at`` and ``changed_at``.
    """

    organisation: str
    mode: Mode
    version: int
    rules: tuple[Document, ...]
    created_at: datetime | None = None
    created_by: str = ""


def read_rule(document: Document) -> Rule:
    """A rule as somebody wrote it; GatewayError MALFORMED names every fault."""
    faults: dict[str, str] = {}
    try:
        rule = from_document(document)
    except RuleError as error:
        raise GatewayError(Kind.MALFORMED, "The rule has faults.", faults=error.faults) from error
    if rule.id and not _ID.fullmatch(rule.id):
        faults["id"] = "1 to 64 of the characters A-Z, a-z, 0-9, hyphen and underscore"
    try:
        rule = replace(rule, name=require_text("name", rule.name))
    except GatewayError as error:
        faults.update(error.faults)
    if len(rule.description) > DESCRIPTION_LIMIT or "\0" in rule.description:
        faults["description"] = f"at most {DESCRIPTION_LIMIT} characters"
    if faults:
        raise GatewayError(Kind.MALFORMED, "The rule has faults.", faults=faults)
    return rule


def checked(transaction: Transaction, home: Organisation, rules: Sequence[Rule], mode: Mode) -> RuleSet:
    """The set with ids for names, compiled; GatewayError MALFORMED names every fault of every rule."""
    limit = WORKMAIL_RULES_LIMIT if mode is Mode.WORKMAIL else RULES_LIMIT
    if len(rules) > limit:
        raise GatewayError(Kind.CONFLICT, f"An organisation has at most {limit} rules.")
    values, resolved, faults = RuleValues(transaction, home), [], {}
    for number, rule in enumerate(rules):
        meant, wrong = values.resolved(rule)
        try:
            RuleSet((replace(meant, enabled=True),), mode)
        except RuleError as error:
            wrong = {**wrong, **error.faults}
        faults.update({f"rules.{number}.{place}": fault for place, fault in wrong.items()})
        resolved.append(meant)
    if faults:
        raise GatewayError(Kind.MALFORMED, "Some rules have faults.", faults=faults)
    return RuleSet(resolved, mode)


def book_of(values: RuleValues, home: Organisation, stored: RuleSetVersion | None) -> RuleBook:
    """A stored version as people read it, None for no rules; ``values``: those of the organisation."""
    if stored is None:
        return RuleBook(home.id, home.rules_mode, 0, ())
    rules = tuple(
        {**values.readable(rule), "created_at": kept["created_at"], "changed_at": kept["changed_at"]}
        for rule, kept in zip(rules_in(stored), stored.documents, strict=True)
    )
    return RuleBook(home.id, home.rules_mode, stored.version, rules, stored.created_at, stored.created_by)


def next_version(
    entry: Entry, organisation: str, before: RuleSetVersion | None, rules: Sequence[Rule]
) -> RuleSetVersion:
    """The next version; what did not change keeps its times."""
    old = {str(each["id"]): each for each in before.documents} if before else {}
    now = entry.now.isoformat()
    documents = []
    for rule in rules:
        document, kept = dict(to_document(rule)), old.get(rule.id, {})
        same = {name: kept.get(name) for name in document} == document
        times = {"created_at": kept.get("created_at", now), "changed_at": kept["changed_at"] if same else now}
        documents.append(document | times)
    number = before.version + 1 if before else 1
    return RuleSetVersion(organisation, number, tuple(documents), entry.now, entry.act.actor.name)


def record(entry: Entry, before: RuleSetVersion | None, after: RuleSetVersion, mode: Mode) -> None:
    """What the trail says: the rules that are not as they were."""
    old = {str(each["id"]): dict(each) for each in before.documents} if before else {}
    new = {str(each["id"]): dict(each) for each in after.documents}
    changed = [identity for identity in {**old, **new} if old.get(identity) != new.get(identity)]
    entry.record(
        before={
            "version": before.version if before else 0,
            "rules": {identity: old[identity] for identity in changed if identity in old},
        },
        after={
            "version": after.version,
            "mode": mode.value,
            "rules": {identity: new[identity] for identity in changed if identity in new},
        },
    )
