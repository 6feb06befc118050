"""What the console does about passkeys asks for what the API would: no token, and a fresh proof."""

from gateway.endpoints.console import passkey_operations as operations
from gateway.endpoints.console.operations import shape
from gateway.records.authority import Permission


def test_every_operation_declares_what_it_takes() -> None:
    own = (operations.list_passkeys, operations.rename_passkey, operations.ask_again)
    proven = (operations.ask_for_new, operations.register_passkey, operations.remove_passkey)
    for each in (*own, *proven):
        needed = shape(each).needs
        assert needed.permission is Permission.SELF
        assert needed.destructive is (each in proven)
    for stranger in (operations.ask_stranger, operations.sign_in_by_passkey):
        assert shape(stranger).needs.permission is Permission.SIGN_IN
