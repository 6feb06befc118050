"""research/perf.md 8.10: the defaults of Hypercorn that do not fit a gateway."""

import asyncio

from gateway.config import Limits
from gateway.serving.hypercorn_config import ServerConfig
from tests.support.serving import bare, echo, exchange, heard, ours, post


async def test_bare_hypercorn_names_itself_and_we_do_not() -> None:
    async with bare(echo) as port:
        assert b"server: hypercorn" in await exchange(port, post())
    async with ours(echo) as port:
        answer = await exchange(port, post())
    assert b"server:" not in answer.lower()
    assert answer.count(b"date: ") == 1


async def many(port: int, count: int) -> int:
    """How many requests one connection bears."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(post(close=False) * 50)
    answers = 0
    for _ in range(count // 50):
        writer.write(post(close=False) * 50)
    answers = (await heard(reader, patience=1)).count(b"HTTP/1.1 200")
    writer.close()
    return answers


async def test_bare_hypercorn_ends_a_connection_after_a_number_of_requests() -> None:
    async with bare(echo, keep_alive_max_requests=100) as port:
        assert await many(port, 200) < 200


async def test_we_do_not() -> None:
    async with ours(echo) as port:
        assert await many(port, 1500) == 1550


def test_the_settings() -> None:
    config = ServerConfig(Limits())
    assert config.backlog == 4096
    assert config.alpn_protocols == ["http/1.1"]
    assert config.read_timeout is None
    assert config.response_headers("h11") is config.response_headers("h11")
