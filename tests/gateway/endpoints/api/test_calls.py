"""What all routes share: the actor, and rules of the services as validators (product 8, 10)."""

import pytest
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from gateway.endpoints.api.calls import ADMINISTRATOR, AGENT_LIMIT, Needs, Plain, encodable
from gateway.endpoints.middleware import TRACE
from gateway.errors import GatewayError, Kind
from gateway.log import Trace
from gateway.records.authority import MACHINE, Authority, Permission

CLERK = Authority("clerk", appointments=MACHINE, limits=frozenset({Permission.DEVICE_READ}), confirmed=True)


def request(agent: str = "curl/9", trace: Trace | None = None) -> Request:
    scope = {
        "type": "http",
        "headers": [(b"user-agent", agent.encode())],
        "client": ("192.0.2.1", 1),
        ADMINISTRATOR: CLERK,
    }
    return Request(scope | ({TRACE: trace} if trace else {}))


async def test_the_actor_is_who_asks_from_where() -> None:
    actor = await Needs(Permission.DEVICE_READ)(request(trace=Trace("r7", "198.51.100.4")))
    assert (actor.kind, actor.name, actor.address) == ("admin", "clerk", "198.51.100.4")
    assert (actor.user_agent, actor.request_id) == ("curl/9", "r7")


async def test_without_the_middleware_the_peer_is_the_address() -> None:
    actor = await Needs(Permission.DEVICE_READ)(request("x" * 10_000))
    assert (actor.address, len(actor.user_agent)) == ("192.0.2.1", AGENT_LIMIT)


async def test_without_the_permission_there_is_no_actor() -> None:
    with pytest.raises(GatewayError) as refused:
        await Needs(Permission.DEVICE_WIPE)(request())
    assert refused.value.kind is Kind.FORBIDDEN


class Asked(BaseModel):
    text: Plain


@pytest.mark.parametrize("text", ["a\x00b", "a\nb", "x" * 513, "\ud800"])
def test_a_text_to_look_for_is_one_line(text: str) -> None:
    with pytest.raises(ValidationError):
        Asked(text=text)
    assert Asked(text="ü" * 512).text == "ü" * 512


def test_half_a_surrogate_pair_is_nothing_that_can_be_stored() -> None:
    assert encodable({"a": ["😀"]}) == {"a": ["😀"]}
    with pytest.raises(ValueError, match="Unicode"):
        encodable({"a": ["\ud83d"]})
