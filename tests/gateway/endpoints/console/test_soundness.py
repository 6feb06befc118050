"""Verifying the trail from the console (product 8)."""

import httpx

from tests.support.desk import Desk

VERIFY = "/console/audit/verify"


async def test_a_sound_trail_is_said_to_be_and_the_key_is_shown(browser: httpx.AsyncClient) -> None:
    assert "BEGIN PUBLIC KEY" in (await browser.get(VERIFY)).text
    assert "The trail is sound" in (await browser.post(VERIFY, data={"csrf": ""})).text


async def test_a_record_that_was_edited_is_named(desk: Desk, browser: httpx.AsyncClient) -> None:
    with desk.services.store._engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_update")
        connection.exec_driver_sql("UPDATE audit SET reason = 'x' WHERE sequence = 2")
    told = (await browser.post(VERIFY, data={"csrf": ""})).text
    assert "The trail is not what was written" in told
    assert "record 2: is not what was written" in told
