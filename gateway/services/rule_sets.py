"""Compiled access rules of one process, by organisation (product 6.2).

A compiled set is found by the version that was read in the same transaction as everything else of the
decision, so it can never be older than the rest: what the change feed drops are the snapshots that hold it.
One that this release cannot read, after a step back from a newer one, lets nobody in.
"""

from collections import OrderedDict

from gateway.errors import GatewayError, Kind
from gateway.records import Organisation, RuleSetVersion
from gateway.services.ports import Transaction
from mdm.errors import RuleError
from mdm.rule_documents import MEMBERS, from_document
from mdm.rules import Mode, Rule, RuleSet

MAXIMUM_SETS = 256
"""Organisations whose rules are kept compiled; a thousand rules are about a megabyte."""

NO_RULES = {mode: RuleSet((), mode) for mode in Mode}


class RuleSets:
    """What was compiled lately; safe for threads, for an entry is replaced whole."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[int, RuleSet]] = OrderedDict()

    def of(self, transaction: Transaction, organisation: Organisation) -> RuleSet:
        """The rules in force.

        Raises:
            GatewayError: UNAVAILABLE when they cannot be read.
        """
        version = transaction.rules.version(organisation.id)
        if not version:
            return NO_RULES[organisation.rules_mode]
        kept = self._kept.get(organisation.id)
        if kept is not None and kept[0] == version and kept[1].mode is organisation.rules_mode:
            return kept[1]
        rules = compiled(transaction.rules.current(organisation.id), organisation.rules_mode)
        self._kept[organisation.id] = version, rules
        if len(self._kept) > MAXIMUM_SETS:
            self._kept.popitem(last=False)
        return rules


def compiled(stored: RuleSetVersion | None, mode: Mode) -> RuleSet:
    """A stored version, ready to be asked; raises as ``RuleSets.of``."""
    try:
        return RuleSet(rules_in(stored), mode)
    except RuleError as error:
        raise GatewayError(Kind.UNAVAILABLE, "The access rules cannot be read.") from error


def rules_in(stored: RuleSetVersion | None) -> tuple[Rule, ...]:
    """The rules of a stored version, without the times that are kept beside them; RuleError as it comes."""
    documents = stored.documents if stored else ()
    return tuple(
        from_document({name: value for name, value in document.items() if name in MEMBERS})
        for document in documents
    )
