"""Generated states of an organisation, as the API would show them."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from gateway.cli.declared.resolving import Directory, Present
from gateway.cli.declared.values import Item, Kind, State
from gateway.services.names import require_text
from gateway.services.policies import read_document
from mdm.layers import REFRESH, said_by
from mdm.policy import SETTINGS, SWITCHES
from mdm.policy import Kind as SettingKind

USERS = {"u-1": "ann@acme.example", "u-2": "bob@acme.example"}
ROOM = "room@acme.example"
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).map(str.strip)
ODD_NAMES = ["Sales", "ann@acme.example", "g-0", "g-1", "a.b", "ß", "\u202e]\"'"]
NAMES = st.sampled_from(ODD_NAMES) | TEXTS.filter(bool).map(lambda text: require_text("name", text))
PLAIN_NAMES = st.sampled_from(["Sales", "In/side", "a.b", "\u00df", "x\u202ey", "[a]"])
"""Names that mean nobody else."""


def value_of(setting: Any) -> st.SearchStrategy[Any]:
    if setting.kind is SettingKind.TEXTS:
        return st.none() | st.lists(st.sampled_from(["a", "b.exe", "ü"]), max_size=3)
    values = st.booleans() if isinstance(setting.default, bool) else st.integers(0, 8)
    return st.none() | values.filter(lambda value: setting.fault(value) is None)


SETTING = st.sampled_from(SETTINGS).flatmap(lambda each: st.tuples(st.just(each.name), value_of(each)))
POLICIES = st.builds(
    lambda settings, switches, hours: said_by(
        read_document({"settings": dict(settings), **switches, **hours})
    ),
    st.lists(SETTING, max_size=5),
    st.dictionaries(st.sampled_from(SWITCHES), st.booleans()),
    st.just({}) | st.integers(0, 48).map(lambda hours: {REFRESH: hours}),
)


def rules(groups: list[str]) -> st.SearchStrategy[Mapping[str, Any]]:
    criteria = {
        "os": ["<16", "iOS"],
        "user": list(USERS.values()),
        "group": groups,
        "domain": ["acme.example"],
    }
    condition = st.sampled_from(sorted(criteria)).flatmap(
        lambda criterion: st.builds(
            lambda way, values: {"criterion": criterion, way: values},
            st.sampled_from(["is", "is_not"]),
            st.lists(st.sampled_from(criteria[criterion]), min_size=1, max_size=3, unique=True),
        )
    )
    return st.fixed_dictionaries(
        {
            "name": NAMES,
            "description": st.just("") | TEXTS,
            "effect": st.sampled_from(["allow", "block", "quarantine"]),
            "conditions": st.lists(condition, max_size=3, unique_by=lambda each: each["criterion"]),
            "enabled": st.booleans(),
        }
    )


@st.composite
def presents(draw: st.DrawFn, group_names: st.SearchStrategy[str] = NAMES) -> Present:
    """An organisation with groups in groups, permissions, policies for everybody, and rules."""
    names = draw(st.lists(group_names, unique=True, min_size=1, max_size=4))
    ids = {name: f"g-{number}" for number, name in enumerate(names)}
    items = [
        Item("acme", Kind.ORGANISATION, (), {"name": draw(NAMES), "device_limit": 3}),
        Item("acme", Kind.SAFEGUARDS, (), {"stale_days": 30}),
        Item("acme", Kind.DEFAULT, (), {"default": draw(st.sampled_from(["allow", "block"]))}),
        Item("acme", Kind.MODE, (), {"mode": "usher"}),
        Item("acme", Kind.DOMAIN, ("acme.example",), {"default": True, "backend": ""}),
        Item("acme", Kind.RESOURCE, (ROOM,), {"name": "Room", "kind": "room", "state": "enabled"}),
    ]
    everybody = [*USERS, *ids.values()]
    for number, (name, identity) in enumerate(ids.items()):
        values = {"address": "", "state": "enabled", "backend": "", "priority": number}
        items.append(Item("acme", Kind.GROUP, (name,), values, identity=identity))
        within = [*USERS, *list(ids.values())[:number]]
        for member in draw(st.lists(st.sampled_from(within), unique=True, max_size=3)):
            items.append(Item("acme", Kind.MEMBER, (name, member), {}, identity=identity))
    for grantee in draw(st.lists(st.sampled_from(everybody), unique=True, max_size=3)):
        items.append(Item("acme", Kind.PERMISSION, ("r-1", grantee), {"rights": ["send_as"]}))
    for policy in draw(st.lists(st.sampled_from(["default", "strict", "a.b"]), unique=True)):
        items.append(Item("acme", Kind.POLICY, (policy,), draw(POLICIES), version=1))
        if policy != "default":
            items += draw(assignments(policy, list(ids.values())))
    for identity in draw(st.lists(st.sampled_from(["r1", "old-phones", "x_1"]), unique=True)):
        items.append(Item("acme", Kind.RULE, (identity,), draw(rules(names)), version=2))
    directory = Directory(
        users={address: identity for identity, address in USERS.items()},
        addresses=USERS,
        groups=ids,
        names={identity: name for name, identity in ids.items()},
        resources={ROOM: "r-1"},
        domains=frozenset({"acme.example"}),
    )
    return Present(State({item.key: item for item in items}), directory)


def assignments(policy: str, groups: list[str]) -> st.SearchStrategy[list[Item]]:
    targets = [("organisation", "", ""), ("domain", "acme.example", "")]
    targets += [("group", group, "") for group in groups]
    targets += [("user", "u-1", ""), ("device", "u-2", "ABC1")]
    one = st.builds(
        lambda target, priority: Item("acme", Kind.ASSIGNMENT, (policy, *target), {"priority": priority}),
        st.sampled_from(targets),
        st.integers(-3, 3),
    )
    return st.lists(one, max_size=4, unique_by=lambda item: item.name)
