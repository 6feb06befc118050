"""Names for ids and back, within one organisation."""

from gateway.records import UserSource
from gateway.services.rule_values import RuleValues
from gateway.services.tenants import Settings, found
from gateway.services.user_changes import UserChanges
from mdm.device import AccessLevel
from mdm.rules import Condition, Rule
from tests.support.world import ADMIN, World


def rule(criterion: str, *values: str) -> Rule:
    return Rule("r", "r", AccessLevel.BLOCK, (Condition(criterion, values),))


def resolved(world: World, one: Rule) -> tuple[tuple[str, ...], dict[str, str]]:
    with world.store.read() as transaction:
        meant, faults = RuleValues(transaction, found(transaction, "acme")).resolved(one)
    return meant.conditions[0].values, faults


def readable(world: World, one: Rule) -> list[str]:
    with world.store.read() as transaction:
        document = RuleValues(transaction, found(transaction, "acme")).readable(one)
    values: list[str] = document["conditions"][0]["is"]
    return values


def test_a_user_stays_the_same_after_a_new_address(world: World) -> None:
    world.organisation()
    ann = world.user()
    assert resolved(world, rule("user", ann.address)) == ((ann.id,), {})
    world.users.change(ADMIN, ann.id, UserChanges(added_alias="anna@acme.example"))
    world.users.change(ADMIN, ann.id, UserChanges(address="anna@acme.example"))
    assert readable(world, rule("user", ann.id, "u-gone")) == ["anna@acme.example", "u-gone"]


def test_who_never_signed_in_is_kept_by_address_where_the_mail_server_knows_the_users(world: World) -> None:
    world.organisation(settings=Settings(user_source=UserSource.BACKEND))
    assert resolved(world, rule("user", "New@ACME.example")) == (("new@acme.example",), {})
    assert resolved(world, rule("user", "new@elsewhere.example"))[1]


def test_domains_are_the_organisations_own(world: World) -> None:
    world.organisation()
    assert resolved(world, rule("domain", "ACME.example")) == (("acme.example",), {})
    assert resolved(world, rule("domain", "other.example"))[1].keys() == {"conditions.0.values"}
    assert resolved(world, rule("os", "anything")) == (("anything",), {})


def test_a_domain_is_the_same_in_either_script(world: World) -> None:
    world.organisation()
    world.tenants.add_domain(ADMIN, "acme", "bücher.example")
    assert resolved(world, rule("domain", "BÜCHER.example")) == (("xn--bcher-kva.example",), {})
    assert resolved(world, rule("domain", "xn--bcher-kva.example")) == (("xn--bcher-kva.example",), {})
