"""``usher apply`` (product 7.5)."""

from pathlib import Path

from tests.support.desk import Desk, Usher

FULL = """
[organisations.acme]
complete = ["rules", "policies", "groups"]

[organisations.acme.settings]
name = "Acme Ltd"
device_limit = 5

[organisations.acme.safeguards]
stale_days = 60

[organisations.acme.access]
default = "quarantine"
spare_known = true

[organisations.acme.domains."acme.example"]
backend = "other"

[organisations.acme.groups.Sales]
address = "sales@acme.example"
members = ["ann@acme.example", "Field"]

[organisations.acme.groups.Field]
priority = 3

[organisations.acme.resources."room@acme.example"]
name = "Room"
kind = "room"
state = "disabled"

[organisations.acme.permissions."room@acme.example"]
"Sales" = ["full_access"]

[organisations.acme.policies.default.settings]
DevicePasswordEnabled = true

[organisations.acme.policies.strict]
accept_partial = true
assigned = [{ group = "Sales", priority = 2 }, { user = "ann@acme.example", device = "PHONE1" }]
cleared = ["AllowCamera"]
[organisations.acme.policies.strict.settings]
MinDevicePasswordLength = 6
ApprovedApplicationList = []

[organisations.acme.rules.old-phones]
name = "Old phones"
effect = "block"
conditions = [{ criterion = "os", is = ["<16"] }, { criterion = "group", is_not = ["Sales"] }]
"""


def test_it(usher: Usher, desk: Desk, ann: str, tmp_path: Path) -> None:
    desk.phone(ann)
    file = tmp_path / "acme.toml"
    file.write_text(FULL)
    print(usher("apply", str(file), "--plan").stdout)
    print(usher("apply", str(file), "--yes").stdout)
    print(usher("apply", str(file), "--plan").stdout)
    out = usher("export", "acme", "--complete").stdout
    print(out)
    file.write_text(out)
    print(usher("drift", str(file)).stdout)
