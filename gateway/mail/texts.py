"""The texts of notices: one for each kind, the first line its subject. A file of the same name in the folder
``mail.templates`` takes its place.
"""

from collections.abc import Mapping
from types import MappingProxyType

from gateway.records.events import NoticeKind

_WHAT = """{{ title }}

{% if organisation %}Organisation: {{ organisation }}
{% endif %}{% if user %}User:         {{ user }}
{% endif %}{% if device_id %}Device:       {{ device or device_id }} ({{ device_id }})
{% endif %}{% if model %}Model:        {{ model }}
{% endif %}{% if reason %}Reason:       {{ reason }}
{% endif %}By:           {{ actor }}
When:         {{ at }}
Event:        {{ event }}
"""
_WHOSE = "{{ user or target }}"

NAMES: Mapping[NoticeKind, str] = MappingProxyType(
    {
        NoticeKind.QUARANTINE: "quarantine.txt",
        NoticeKind.WIPE: "wipe.txt",
        NoticeKind.APPROVAL: "approval.txt",
        NoticeKind.CERTIFICATE: "certificate.txt",
        NoticeKind.BACKEND: "backend.txt",
        NoticeKind.WEBHOOK: "webhook.txt",
        NoticeKind.DEVICE: "device.txt",
    }
)
"""Kind of a notice to the name of its text."""

TEST, SUMMARY = "test.txt", "summary.txt"

TEXTS: Mapping[str, str] = MappingProxyType(
    {
        "quarantine.txt": f"Device of {_WHOSE} waits for approval\n\n{_WHAT}\n"
        "Until somebody decides, the device gets no mail: usher quarantine list ORGANISATION\n",
        "wipe.txt": f"Wipe, {_WHOSE}: {{{{ title }}}}\n\n{_WHAT}",
        "approval.txt": f"A wipe waits for your approval: {_WHOSE}\n\n{_WHAT}\n"
        "Another person than the one who asked for it approves or rejects it:\n"
        "usher wipe list ORGANISATION\n",
        "certificate.txt": f"Certificate expires: {{{{ target }}}}\n\n{_WHAT}\n"
        "Devices refuse to connect once it has expired: usher certs check\n",
        "backend.txt": f"{{{{ title }}}} {{{{ organisation }}}}\n\n{_WHAT}",
        "webhook.txt": f"Webhook switched off\n\n{_WHAT}\n"
        "Nothing is lost: switched on again it goes on where it was.\n",
        "device.txt": f"Device of {_WHOSE} misbehaves\n\n{_WHAT}",
        "test.txt": "Test of the notices\n\nThis is a test. Notices reach this address.\n",
        "summary.txt": "{{ facts|length + more }} further notices\n\n"
        "More happened than is told one by one:\n\n"
        "{% for each in facts %}- {{ each.at }}  {{ each.title }}  "
        "{{ each.user or each.target }} {{ each.device_id }}\n{% endfor %}"
        "{% if more %}\nand {{ more }} more.\n{% endif %}",
    }
)
"""Name of a text to the text (Jinja2)."""
