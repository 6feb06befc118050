"""From an address typed at a terminal to the user it means, whichever organisation that is in."""

from gateway.cli.api import at
from gateway.cli.local import Work
from gateway.endpoints.api.users import UserView


def owner(work: Work, id_or_address: str) -> UserView:
    """The user with this id, address or alias; GatewayError NOT_FOUND."""
    return work.api.get(at("users", id_or_address), UserView)
