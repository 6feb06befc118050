"""What is described, what is there, and what has to be done: values only (product 7.5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

NOTHING: Mapping[str, Any] = {}


class Section(Enum):
    """A table of an organisation in a file."""

    SETTINGS = "settings"
    SAFEGUARDS = "safeguards"
    ACCESS = "access"
    DOMAINS = "domains"
    GROUPS = "groups"
    RESOURCES = "resources"
    PERMISSIONS = "permissions"
    POLICIES = "policies"
    RULES = "rules"


class Kind(Enum):
    """What an item is, in the order in which items are made; they are removed the other way round.

    Names are found before they are used: a domain before the addresses in it, a group before whoever is put
    into it, a policy before it is assigned. Rules come before the default, so that whom a stricter default
    would cut off is already let in by name.
    """

    ORGANISATION = "settings"
    DOMAIN = "domain"
    GROUP = "group"
    RESOURCE = "resource"
    MEMBER = "member"
    PERMISSION = "permission"
    SAFEGUARDS = "safeguards"
    POLICY = "policy"
    ASSIGNMENT = "assignment"
    MODE = "rules mode"
    RULE = "rule"
    DEFAULT = "default access"


ORDER: Mapping[Kind, int] = {kind: number for number, kind in enumerate(Kind)}

COMPLETE: Mapping[Section, Kind] = {
    Section.DOMAINS: Kind.DOMAIN,
    Section.GROUPS: Kind.GROUP,
    Section.RESOURCES: Kind.RESOURCE,
    Section.PERMISSIONS: Kind.PERMISSION,
    Section.POLICIES: Kind.POLICY,
    Section.RULES: Kind.RULE,
}
"""Sections that may be called complete, and what there is then nothing else of."""

WHOLE = frozenset({Kind.POLICY, Kind.RULE})
"""Items whose values are one document: what a file does not say of them is not said any more."""

MANNER = frozenset({"spare_known"})
"""Values that say how something is changed, and are nothing that is there afterwards."""

Key = tuple[str, Kind, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is there or ought to be.

    Attributes:
        organisation: its alias.
        name: what tells it from others of its kind; ids, where people may call one thing by several names.
        values: field to value, JSON values only.
        label: what people call it.
        identity: how the API calls it, empty for what is not there yet.
        version: which version the values are of, where versions are kept.
    """

    organisation: str
    kind: Kind
    name: tuple[str, ...]
    values: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    identity: str = ""
    version: int = 0

    @property
    def key(self) -> Key:
        return (self.organisation, self.kind, self.name)

    @property
    def parent(self) -> str:
        """The group of a member, the policy of an assignment; empty for what stands alone."""
        return self.name[0] if self.kind in (Kind.MEMBER, Kind.ASSIGNMENT) else ""


Whole = tuple[str, Kind, str]
"""Organisation, kind and parent: of those there is nothing but what is described."""


@dataclass(frozen=True, slots=True)
class State:
    """Items by key, and of which of them there are no others."""

    items: Mapping[Key, Item] = field(default_factory=dict)
    whole: frozenset[Whole] = frozenset()


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a file: ``place`` is the way to the key, with dots."""

    file: str
    place: str
    text: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.file, self.place, self.text)))


class Verb(Enum):
    """What happens to an item, by the sign it has in a plan."""

    ADD = "+"
    CHANGE = "~"
    REMOVE = "-"


@dataclass(frozen=True, slots=True)
class Change:
    """One item that is not as it ought to be.

    Attributes:
        before: the item that is there, None for none. after: as it ought to be, None for not at all.
    """

    before: Item | None
    after: Item | None

    @property
    def item(self) -> Item:
        """What it is about."""
        item = self.after or self.before
        if item is None:
            raise ValueError("a change is about something")
        return item

    @property
    def verb(self) -> Verb:
        if self.before is None:
            return Verb.ADD
        return Verb.CHANGE if self.after is not None else Verb.REMOVE

    @property
    def fields(self) -> Mapping[str, tuple[Any, Any]]:
        """Field to the values before and after, where they differ or only one of the two is said."""
        before = self.before.values if self.before else NOTHING
        after = self.after.values if self.after else NOTHING
        names = {**before, **after} if self.item.kind in WHOLE else after
        return {
            name: (before.get(name), after.get(name))
            for name in names
            if name not in MANNER
            and ((name in before) != (name in after) or before.get(name) != after.get(name))
        }


@dataclass(frozen=True, slots=True)
class Step:
    """What one request brings: one change, those of many members, or those of a rule set, which is one whole.

    Attributes:
        notes: what the API's dry run says of it.
    """

    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()

    @property
    def item(self) -> Item:
        """What the first change is about."""
        return self.changes[0].item


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, in order.

    Attributes:
        withheld: removals that nobody has asked for (``--prune``).
    """

    steps: tuple[Step, ...] = ()
    withheld: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        """Whether what is there differs from what is described."""
        return bool(self.steps or self.withheld)
