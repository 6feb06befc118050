"""What the services refuse."""

from collections.abc import Callable

import pytest

from gateway.errors import GatewayError, Kind


def refused(kind: Kind, act: Callable[[], object]) -> GatewayError:
    """The error with which ``act`` is refused, which is of this kind."""
    with pytest.raises(GatewayError) as caught:
        act()
    assert caught.value.kind is kind
    return caught.value
