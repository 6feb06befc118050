"""The agreement between those who compose applications and the server."""

from gateway.serving.application import Application, Applications
from tests.support.service import App


def test_an_application_of_the_agreement() -> None:
    """mypy reads this: the service of these tests keeps to the protocol."""
    app: Application = App("clients", {})
    applications = Applications(lambda _: app, lambda _: app, lambda _: app, lambda _: None)
    assert applications.clients is not None
