"""One request to ``/self/`` and who makes it (product 7.8; T1).

Whose things they are is never asked: it is the session's user, and what an address names is looked up among
that user's own. So somebody else's device is not there, as one that never was.
"""

from dataclasses import dataclass

from gateway.endpoints.forms import Form
from gateway.endpoints.middleware import TRACE
from gateway.endpoints.self_service.table import Thing
from gateway.endpoints.wording import Language
from gateway.errors import GatewayError, Kind
from gateway.proxy.asgi import Message
from gateway.records import Actor
from gateway.services.self_sessions import Signed
from gateway.services.wipe_guards import PERSON
from mdm.device import DeviceKey


@dataclass(frozen=True, slots=True)
class Visit:
    """A request.

    Attributes:
        thing, named: what it is about, and the id in its path.
        signed: who is signed in, None for nobody.
        csrf: what the forms of this session carry.
    """

    scope: Message
    thing: Thing
    named: str
    form: Form
    signed: Signed | None
    csrf: str
    language: Language
    user_agent: str

    @property
    def source(self) -> str:
        """Address of the asker, empty where nobody told."""
        return str(self.scope[TRACE].client) if TRACE in self.scope else ""

    @property
    def owner(self) -> Signed:
        """Who is signed in; GatewayError UNAUTHENTICATED for nobody."""
        if self.signed is None:
            raise GatewayError(Kind.UNAUTHENTICATED)
        return self.signed

    @property
    def actor(self) -> Actor:
        """The person, as the trail names them."""
        return Actor(PERSON, self.owner.user.address, self.source, self.user_agent)

    @property
    def device(self) -> DeviceKey:
        """The device that the address names, as one of the person's own."""
        return DeviceKey(self.owner.home.id, self.owner.user.id, self.named.upper())
