"""The query of the device list (docs/device-list.md): every field by its name, each a small question.

How a question is spelled is said in ``gateway.services.device_questions``: the command line asks the same.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from gateway.endpoints.api.calls import Filter, Page, Plain
from gateway.records.inventory import FIELDS
from gateway.services.device_questions import COMPARED

Asked = Annotated[str, Field(max_length=COMPARED)]
"""Control characters are allowed: a device may have reported them, and somebody looks for it."""


class DeviceQuestion(Filter):
    """Which devices; ``user`` is an id or an address, ``search`` a text that one of the names contains."""

    user: Plain | None = None
    search: Plain | None = None
    sort: Plain = ""
    address: Asked | None = None
    user_name: Asked | None = None
    device_id: Asked | None = None
    type: Asked | None = None
    family: Asked | None = None
    model: Asked | None = None
    friendly_name: Asked | None = None
    alias: Asked | None = None
    os: Asked | None = None
    os_language: Asked | None = None
    imei: Asked | None = None
    phone_number: Asked | None = None
    operator: Asked | None = None
    user_agent: Asked | None = None
    protocol: Asked | None = None
    state: Asked | None = None
    access: Asked | None = None
    access_reason: Asked | None = None
    diagnosis: Asked | None = None
    conflict: Asked | None = None
    held: Asked | None = None
    suspended: Asked | None = None
    wipe: Asked | None = None
    policy: Asked | None = None
    first_seen: Asked | None = None
    last_seen: Asked | None = None
    last_sync: Asked | None = None
    last_ip: Asked | None = None

    def fields(self) -> Mapping[str, str]:
        """What is asked of each field, by name."""
        asked = self.model_dump(include=set(FIELDS), exclude_none=True)
        return {name: str(text) for name, text in asked.items()}


class DeviceQuery(DeviceQuestion, Page):
    """A page of them; ``sort`` is a field, with ``-`` before it for descending."""
