"""All listeners are bound at once, or every one that cannot be is named."""

import os
import socket
import stat
from pathlib import Path

import pytest

from gateway.config import Address, Listen
from gateway.serving.sockets import BindError, bind

HERE = Address("127.0.0.1", 0)


def listen(**changes: tuple[Address, ...]) -> Listen:
    kinds: dict[str, tuple[Address, ...]] = {"clients": (), "plain": (), "redirect": (), "admin": ()}
    return Listen(**{**kinds, **changes})


def test_every_kind_is_bound_and_listening() -> None:
    sockets = bind(listen(clients=(HERE, HERE), redirect=(HERE,), admin=(HERE,)))
    assert len(list(sockets.all())) == 4
    for sock in sockets.all():
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        assert not sock.getblocking()
        socket.create_connection(sock.getsockname()).close()
    sockets.close()


def test_both_families_of_the_same_port() -> None:
    first = bind(listen(clients=(Address("0.0.0.0", 0),)))
    port = first.clients[0].getsockname()[1]
    if socket.has_ipv6:
        second = bind(listen(clients=(Address("::1", port),)))
        second.close()
    first.close()


def test_the_queue_is_deep_enough_for_a_fleet() -> None:
    """research/perf.md 8.10: with Hypercorn's backlog of 100 the later ones would have to try again."""
    sockets = bind(listen(plain=(HERE,)))
    clients = []
    for _ in range(400):
        client = socket.socket()
        client.settimeout(10)
        client.connect(sockets.plain[0].getsockname())
        clients.append(client)
    for client in clients:
        client.close()
    sockets.close()


def test_every_address_that_is_taken_is_named_and_none_is_kept() -> None:
    free = bind(listen(plain=(HERE,)))
    port = free.plain[0].getsockname()[1]
    free.close()
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        taken = [Address("127.0.0.1", sock.getsockname()[1]) for sock in (one, two)]
        with pytest.raises(BindError) as caught:
            bind(listen(clients=(Address("127.0.0.1", port), taken[0]), admin=(taken[1],)))
    assert str(caught.value).count("Address already in use") == 2
    again = bind(listen(plain=(Address("127.0.0.1", port),)))
    again.close()


def test_a_unix_socket_has_its_mode_and_goes_with_its_listener(tmp_path: Path) -> None:
    path = tmp_path / "clients.sock"
    before = os.umask(0o022)
    try:
        sockets = bind(listen(plain=(Address("", 0, str(path)),)))
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)
    sockets.close()
    assert not path.exists()


def test_a_stale_unix_socket_is_replaced_and_a_living_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "clients.sock"
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(path))
    dead.close()
    living = bind(listen(plain=(Address("", 0, str(path)),)))
    with pytest.raises(BindError):
        bind(listen(plain=(Address("", 0, str(path)),)))
    living.close()


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "clients.sock"
    path.write_text("mine")
    with pytest.raises(BindError):
        bind(listen(plain=(Address("", 0, str(path)),)))
    assert path.read_text() == "mine"
