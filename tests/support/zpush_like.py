"""A mail server that provisions as Z-Push does, written from the specification (eas-protocol.md 2.6): HTTP
449 without a body in whatever version, plain queries only, the policy key in its header.
"""

from tests.support.backend import Script, reply
from tests.support.exchange_like import Asked, ExchangeLike


class ZPushLike(ExchangeLike):
    """``RecordingBackend(ZPushLike())``; as ``ExchangeLike`` otherwise."""

    def refuse(self, asked: Asked, status: int) -> Script:
        return reply(449)
