"""A stranger may go to the provider and come back, and nothing beside it."""

from gateway.endpoints.console import provider_operations as operations
from gateway.endpoints.console.operations import shape
from gateway.records.authority import Permission


def test_every_operation_is_a_strangers() -> None:
    for each in (
        operations.anybody_there,
        operations.provider_offered,
        operations.begin_at_provider,
        operations.sign_in_by_provider,
    ):
        assert shape(each).needs.permission is Permission.SIGN_IN
