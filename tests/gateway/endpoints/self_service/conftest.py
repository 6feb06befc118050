"""A gateway that makes app passwords, and somebody who is signed in there."""

from tests.support.gateway import backend
from tests.support.self_service import ann, trusting_gateway

__all__ = ["ann", "backend", "trusting_gateway"]
