"""Views that administrators save of the device list (product 7.2): each account's own, seen by nobody else.

A question is read when it is saved, so that a link never leads to one that is not understood. The trail has
the name and not the question, which may hold whom somebody looked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag
from gateway.records.administrators import SavedView
from gateway.services.account_records import act_on
from gateway.services.acts import Acts, Entry
from gateway.services.device_questions import read_conditions, read_ordering
from gateway.services.names import require_text
from gateway.services.ports import Clock, KeySource, Store

MOST = 50
"""Views of an account: more are no links above a list."""

NAME_LIMIT = 64
"""Characters of a name."""

BESIDE_FIELDS = frozenset(("search", "sort", "user"))
"""Parts of a question that are no field of the list."""


class SavedViews:
    """On the whole store, since it goes by account."""

    def __init__(self, store: Store, clock: Clock, keys: KeySource) -> None:
        self._store = store
        self._acts = Acts(store, clock)
        self._keys = keys

    def of(self, account: str) -> Sequence[SavedView]:
        """Those of an account, by name."""
        with self._store.read() as transaction:
            return transaction.saved_views.of(account)

    def save(self, actor: Actor, account: str, name: str, question: Mapping[str, str]) -> SavedView:
        """Keep a question under a name.

        Raises:
            GatewayError: MALFORMED with a fault for each part that is wrong; CONFLICT for a name that is
                taken, and where there are too many.
        """
        tidy = require_text("name", name, NAME_LIMIT)

        def work(entry: Entry) -> SavedView:
            _require_readable(question, entry.now)
            present = entry.transaction.saved_views.of(account)
            _require_free(present, tidy)
            if len(present) >= MOST:
                raise GatewayError(Kind.CONFLICT, f"An account has at most {MOST} views.")
            made = SavedView(self._keys.identity("v-"), account, tidy, dict(question), entry.now)
            entry.transaction.saved_views.add(made)
            entry.record(after={"view": made.id, "name": tidy})
            return made

        return self._acts.perform(act_on(self._store, AuditTag.VIEW_SAVED, actor, account), work)

    def change(
        self,
        actor: Actor,
        account: str,
        view: str,
        name: str | None = None,
        question: Mapping[str, str] | None = None,
    ) -> SavedView:
        """Call a view something else, or let it ask something else; what is None stays.

        Raises:
            GatewayError: NOT_FOUND for none of the account's; MALFORMED and CONFLICT as for ``save``.
        """
        tidy = None if name is None else require_text("name", name, NAME_LIMIT)

        def work(entry: Entry) -> SavedView:
            present = entry.transaction.saved_views.of(account)
            before = next((each for each in present if each.id == view), None)
            if before is None:
                raise _unknown()
            after = replace(
                before,
                name=before.name if tidy is None else tidy,
                question=before.question if question is None else dict(question),
                saved_at=entry.now,
            )
            if question is not None:
                _require_readable(question, entry.now)
            _require_free([each for each in present if each.id != view], after.name)
            entry.transaction.saved_views.save(after)
            entry.record(before={"name": before.name}, after={"view": view, "name": after.name})
            return after

        return self._acts.perform(act_on(self._store, AuditTag.VIEW_SAVED, actor, account), work)

    def remove(self, actor: Actor, account: str, view: str) -> None:
        """Keep it no longer; NOT_FOUND as for ``change``."""

        def work(entry: Entry) -> None:
            if not entry.transaction.saved_views.remove(account, view):
                raise _unknown()
            entry.record(before={"view": view})

        self._acts.perform(act_on(self._store, AuditTag.VIEW_REMOVED, actor, account), work)


def _require_readable(question: Mapping[str, str], now: datetime) -> None:
    fields = {name: text for name, text in question.items() if name not in BESIDE_FIELDS}
    read_conditions(fields, now)
    read_ordering(question.get("sort", ""))


def _require_free(others: Sequence[SavedView], name: str) -> None:
    if any(each.name == name for each in others):
        fault = "You have a view of this name."
        raise GatewayError(Kind.CONFLICT, fault, faults={"name": fault})


def _unknown() -> GatewayError:
    return GatewayError(Kind.NOT_FOUND, "There is no such view.")
