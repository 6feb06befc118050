"""A reach as conditions of SQL, put into every statement of a narrowed transaction (T25, T35;
docs/decisions/0029, 0031).

What a repository asks for is its own business; what it may find is decided here, for each table once, while
the statement is on its way to the database. So no method can forget it, and a table that this file cannot
judge, or a statement whose tables it cannot see, is refused and not answered. A transaction with everything
in reach has no listener and the very statements that the repositories wrote: clients' requests cost nothing.

Persons of a partly reached organisation are those with their primary address in a reached domain and those in
a reached group, directly or through groups within it. A disabled group gives nothing, neither itself nor what
is in it, as it gives its members nothing.

What has to count or see everybody, whoever asks, says so by ``everybody``:

========================================  ===================================================================
``wipe_orders.count_by``, ``.fleet``,     budgets (T9): fifty administrators with a group each are one fleet
``.count_devices``, ``.bequeath``
``devices.sharing``                       a DeviceId in dispute is one device, whoever looks (T4)
``directory.holder``, ``.any_domain``     no address and no domain means two things; routes of addresses
``directory.groups_of``, groups around    what holds for a person in reach: rules, policies, routes
users in ``assignments.places``
``directory.groups_within``               no group comes to be in itself
``audit`` when it is appended to          one trail for all (product 8)
========================================  ===================================================================

Policies, rules, rollouts and assignments of a partly reached organisation are there, for what holds for a
person is made of them; no permission that a part of an organisation can have shows them (``PERSONAL``).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    FromClause,
    Insert,
    Join,
    Select,
    Table,
    Update,
    and_,
    event,
    false,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import CTE, Alias, SelectBase, Subquery
from sqlalchemy.sql.visitors import iterate

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag, EntityState
from gateway.records.authority import Reach
from gateway.store.tables import addresses, group_groups, group_users, groups, users

S = TypeVar("S", bound=Any)
Columns = Callable[[str], ColumnElement[Any]]
Condition = ColumnElement[bool]

OUT_OF_REACH = "This is out of your reach."
IDENTITY = 34
"""Characters of a user's id, with which the name of every device in the trail begins."""

OF_TWO = (AuditTag.PERMISSION_GRANTED, AuditTag.PERMISSION_REVOKED)
"""Records of mailbox permissions name a second person, who may be out of reach."""

_EVERYBODY = "usher_everybody"
_WITHIN = "usher_within"


class Within:
    """The conditions of one reach."""

    def __init__(self, reach: Reach) -> None:
        self._whole = sorted(reach.organisations)
        self._partly = sorted(reach.partly)
        self._seen = sorted(reach.organisations | reach.partly)
        self._domains = sorted(reach.domains)
        given = _one_of(groups.c.id, reach.groups) & _one_of(groups.c.organisation, reach.partly)
        self._groups = reached_groups(given)
        self._persons = _persons(reach, self._groups)

    def whole(self, organisation: ColumnElement[Any]) -> Condition:
        """What only an organisation as a whole has."""
        return _one_of(organisation, self._whole)

    def seen(self, organisation: ColumnElement[Any]) -> Condition:
        """What is there for whoever reaches anybody in the organisation."""
        return _one_of(organisation, self._seen)

    def personal(self, organisation: ColumnElement[Any], user: ColumnElement[Any]) -> Condition:
        """What is a person's."""
        return self._or(self.whole(organisation), user.in_(self._persons))

    def of_user(self, user: ColumnElement[Any]) -> Condition:
        """The same where no column names the organisation."""
        home = select(users.c.id).where(self.whole(users.c.organisation)).correlate(None)
        return self._or(user.in_(home), user.in_(self._persons))

    def group(self, identity: ColumnElement[Any]) -> Condition:
        """A group of a whole organisation, or one that gives reach itself."""
        home = select(groups.c.id).where(self.whole(groups.c.organisation)).correlate(None)
        return self._or(identity.in_(home), identity.in_(select(self._groups.c.id).correlate(None)))

    def domain(self, organisation: ColumnElement[Any], name: ColumnElement[Any]) -> Condition:
        """A domain of a whole organisation, or one that gives reach itself."""
        return self._or(
            self.whole(organisation), and_(_one_of(organisation, self._partly), _one_of(name, self._domains))
        )

    def told(self, organisation: ColumnElement[Any], target: ColumnElement[Any], tag: Any) -> Condition:
        """A record of the trail: its target is a person, or a device of one."""
        about = func.substr(target, 1, IDENTITY).in_(self._persons) & ~or_(*(tag == each for each in OF_TWO))
        return self._or(self.whole(organisation), and_(_one_of(organisation, self._partly), about))

    def _or(self, whole: Condition, part: Condition) -> Condition:
        return or_(whole, part) if self._partly else whole


def _one_of(column: ColumnElement[Any], values: Iterable[str]) -> Condition:
    """Spelled out: what ``in_`` makes of a list can stand in no statement that is executed for many rows."""
    return or_(false(), *(column == value for value in sorted(values)))


def reached_groups(given: Condition) -> CTE:
    """Ids of the enabled groups for which ``given`` holds, and of those within them, through enabled groups
    only."""
    enabled = groups.c.state == EntityState.ENABLED
    beginning = select(groups.c.id).where(given, enabled).correlate(None)
    # Nested, so that UPDATE is the first word of an UPDATE: else Python's sqlite3 counts no rows.
    reached = beginning.cte("reached", recursive=True, nesting=True)
    deeper = (
        select(groups.c.id)
        .join(group_groups, group_groups.c.member_id == groups.c.id)
        .join(reached, group_groups.c.group_id == reached.c.id)
        .where(enabled)
        .correlate(None)
    )
    return reached.union(deeper)


def _persons(reach: Reach, within: CTE) -> Select[Any]:
    primary = _one_of(addresses.c.domain, reach.domains) & (addresses.c.position == 0)
    there = select(addresses.c.user_id).where(primary, addresses.c.user_id.is_not(None)).correlate(None)
    members = select(group_users.c.user_id).join(within, within.c.id == group_users.c.group_id)
    either = or_(users.c.id.in_(there), users.c.id.in_(members.correlate(None)))
    home = _one_of(users.c.organisation, reach.partly)
    return select(users.c.id).where(home, either).correlate(None)


def _personal(within: Within, of: Columns) -> Condition:
    return within.personal(of("organisation"), of("user_id"))


def _whole(within: Within, of: Columns) -> Condition:
    return within.whole(of("organisation"))


def _seen(within: Within, of: Columns) -> Condition:
    return within.seen(of("organisation"))


def _group_member(within: Within, of: Columns) -> Condition:
    return within.group(of("group_id"))


Rule = Callable[[Within, Columns], Condition]

RULES: Mapping[str, Rule] = {
    "organisations": lambda within, of: within.seen(of("id")),
    "domains": lambda within, of: within.domain(of("organisation"), of("name")),
    "users": lambda within, of: within.personal(of("organisation"), of("id")),
    "groups": lambda within, of: within.group(of("id")),
    "group_users": _group_member,
    "group_groups": _group_member,
    "profile_links": lambda within, of: within.of_user(of("user_id")),
    "audit": lambda within, of: within.told(of("organisation"), of("target"), of("tag")),
    "policies": _seen,
    "policy_assignments": _seen,
    "rule_sets": _seen,
    "rollouts": _seen,
    "traffic_history": lambda _within, _of: false(),
}
"""By table, what is within reach of it. Where nothing stands: a person's where it names one, else the whole
organisation's."""

FOUND_BY_KEY = frozenset(("addresses", "changes", "domain_checks"))
"""Tables that are read by the key of what was found before, or only written."""

KEPT_ELSEWHERE = frozenset(
    (
        "administrators",
        "api_tokens",
        "sessions",
        "passkeys",
        "sign_in_questions",
        "saved_views",
        "appointments",
        "token_appointments",
        "webhook_deliveries",
        "event_places",
        "kept_requests",
        "audit_seals",
    )
)
"""Tables whose repositories are given the reach, or that are asked by what somebody was seen to hold: an
account is reached by what it may do, a delivery by its webhook, a kept request by who made it."""

OPEN = FOUND_BY_KEY | KEPT_ELSEWHERE
WRITTEN_BY_ALL = OPEN | {"audit"}

NEWCOMERS: Mapping[str, Rule] = {"users": _seen, "groups": _whole}
"""What may be inserted, where it differs: ``users.add_user`` looks afterwards."""


def narrow(connection: Connection, reach: Reach) -> None:
    """Let every statement on ``connection`` concern what is within reach, from now on and until it is
    closed."""
    if reach.everything:
        return
    connection.execution_options(**{_WITHIN: conditions_of(reach)})
    event.listen(connection, "before_execute", _narrowed, retval=True)


def everybody(statement: S) -> S:
    """The statement as it is, whoever asks; each use stands in the table at the head of this file."""
    return statement.execution_options(**{_EVERYBODY: True})  # type: ignore[no-any-return]  # S is a statement


def within(connection: Connection, statement: Select[Any]) -> Select[Any]:
    """A part of a statement with the conditions of the connection's reach: what stands in a FROM of another
    one, which is then ``everybody``'s."""
    conditions = connection.get_execution_options().get(_WITHIN)
    return statement if conditions is None else _with_conditions(conditions, statement)


def is_narrowed(connection: Connection) -> bool:
    """Whether something is out of reach."""
    return _WITHIN in connection.get_execution_options()


def out_of_reach() -> GatewayError:
    """What is raised for a write of what is out of reach, where no look before it has found nothing."""
    return GatewayError(Kind.FORBIDDEN, OUT_OF_REACH)


@lru_cache(maxsize=256)
def conditions_of(reach: Reach) -> tuple[Within, ...]:
    """The conditions of a reach, all of which have to hold; made once."""
    if not reach.parts:
        return (Within(reach),)
    return tuple(each for part in reach.parts for each in conditions_of(part))


def _narrowed(
    connection: Connection,
    statement: Any,
    many: Sequence[Mapping[str, Any]],
    one: Mapping[str, Any],
    options: Mapping[str, Any],
) -> tuple[Any, Any, Any]:
    if not options.get(_EVERYBODY):
        conditions: tuple[Within, ...] = options[_WITHIN]
        if isinstance(statement, Insert):
            for row in many or [one or statement.compile().params]:
                _require_within(connection, conditions, statement.table, row)
        else:
            statement = _with_conditions(conditions, statement, sealed=True)
    return statement, many, one


def _with_conditions(conditions: tuple[Within, ...], statement: Any, *, sealed: bool = False) -> Any:
    for each in _tables(statement, sealed=sealed):
        table: Any = each.element if isinstance(each, Alias) else each
        if table.name not in OPEN:
            rule = rule_of(table)
            statement = statement.where(*(rule(one, each.c.__getitem__) for one in conditions))
    return statement


def rule_of(table: Any) -> Rule:
    """What is within reach of a table; LookupError for one of which it cannot be told."""
    if table.name in RULES:
        return RULES[table.name]
    if "organisation" not in table.c:
        raise LookupError(f"gateway.store.within knows nothing of the table {table.name}")
    return _personal if "user_id" in table.c else _whole


def _tables(statement: Any, *, sealed: bool) -> Iterator[Any]:
    """The tables of a statement; LookupError for one whose tables cannot be told, where it is ``sealed``."""
    if isinstance(statement, Update | Delete):
        yield statement.table
    elif isinstance(statement, Select):
        _require_plain_columns(statement)
        yield from _flat(_sources(statement), sealed=sealed)
    else:
        raise LookupError(f"gateway.store.within cannot narrow a {type(statement).__name__}")


def _sources(statement: Select[Any]) -> list[FromClause]:
    """What stands in its FROM. ``get_final_froms`` tells the same and takes a hundred times as long: it
    compiles the statement."""
    return [
        each
        for each in statement.get_children()
        if isinstance(each, FromClause) and not isinstance(each, FunctionElement)
    ]


def _require_plain_columns(statement: Select[Any]) -> None:
    """LookupError for a column that is a statement of its own; what filters shows nothing."""
    for column in statement.selected_columns:
        if any(isinstance(each, SelectBase) for each in iterate(column)):
            raise LookupError("gateway.store.within cannot narrow a statement among the columns")


def _flat(sources: Iterable[FromClause], *, sealed: bool) -> Iterator[Any]:
    for source in sources:
        if isinstance(source, Join):
            yield from _flat((source.left, source.right), sealed=sealed)
        elif isinstance(source.element if isinstance(source, Alias) else source, Table):
            yield source
        elif sealed or not isinstance(source, CTE | Subquery):
            raise LookupError("gateway.store.within cannot narrow what is below a FROM")


def _require_within(
    connection: Connection, conditions: tuple[Within, ...], table: Any, row: Mapping[str, Any]
) -> None:
    if table.name in WRITTEN_BY_ALL:
        return
    rule = NEWCOMERS.get(table.name) or rule_of(table)
    wanted = (rule(one, lambda name: literal(row[name], table.c[name].type)) for one in conditions)
    if connection.scalar(everybody(select(literal(1)).where(*wanted))) is None:
        raise out_of_reach()
