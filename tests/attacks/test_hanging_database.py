"""A database that neither answers nor refuses (T30): the known keep their verdict, nobody hangs."""

import time
from pathlib import Path

import psycopg
import pytest

from gateway.endpoints.door import READ_S
from tests.support.backend import RecordingBackend
from tests.support.gateway import serving, until
from tests.support.postgres import shared_cluster


@pytest.mark.postgres
@pytest.mark.timeout(60)
async def test_a_database_that_hangs_is_a_database_that_is_away(
    tmp_path: Path, backend: RecordingBackend
) -> None:
    url = shared_cluster().fresh_database()
    async with serving(tmp_path, backend, url=url) as gateway:
        phone = await gateway.enrolled()
        assert (await phone.folder_sync()).status == 1
        snapshots = gateway.app.snapshots
        with psycopg.connect(url) as holder:
            holder.execute("LOCK TABLE devices, changes, users IN ACCESS EXCLUSIVE MODE")
            await until(lambda: not snapshots.trusted(time.monotonic()), 10)
            began = time.monotonic()
            assert (await phone.folder_sync()).status == 1
            assert time.monotonic() - began < READ_S + 1
            began = time.monotonic()
            for _ in range(20):
                assert (await phone.folder_sync()).status == 1
            assert time.monotonic() - began < 2 * READ_S + 1
            stranger = await gateway.phone(device_id="PHONE9").folder_sync()
            assert stranger.http == 503
            holder.rollback()
        await until(lambda: snapshots.trusted(time.monotonic()), 15)
        assert (await phone.folder_sync()).status == 1
