"""The administration listener, composed."""

from pathlib import Path

from gateway.app import admin
from gateway.config import Limits
from tests.support.inhabited import configured
from tests.support.offering import OFFERING
from tests.support.raw import Raw
from tests.support.serving import exchange, ours


async def test_the_admin_listener_is_another_application(tmp_path: Path) -> None:
    config = configured(tmp_path, OFFERING, Limits())
    config.token_file.write_text("t" * 43)
    app = admin(config)
    await app.start()
    async with ours(app) as port:
        health = await exchange(port, b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert Raw(health).status == 200
        for path in (b"/Microsoft-Server-ActiveSync", b"/api/v1/organisations"):
            answer = await exchange(
                port, b"GET " + path + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            )
            assert Raw(answer).status in (401, 404)
    await app.close()
