"""Answers as servers really shape them."""

from gateway.phone import reading
from gateway.phone.reading import Folder
from mdm.codepages import tag
from mdm.device import WipeKind
from mdm.wbxml import element


def p(name, *children):
    return element(tag("Provision", name), *children)


def f(name, *children):
    return element(tag("FolderHierarchy", name), *children)


def s(name, *children):
    return element(tag("AirSync", name), *children)


def test_a_hierarchy_with_additions_and_removals():
    added = f("Add", f("ServerId", "1"), f("ParentId", "0"), f("DisplayName", "In"), f("Type", "2"))
    changes = f("Changes", f("Count", "2"), added, f("Delete", f("ServerId", "9")))
    seen = reading.hierarchy(f("FolderSync", f("Status", "1"), f("SyncKey", "4"), changes))
    assert seen == reading.Hierarchy(1, "4", (Folder("1", "In", 2),), ("9",))
    assert seen.added[0].item_class == "Email"


def test_a_refused_hierarchy():
    assert reading.hierarchy(f("FolderSync", f("Status", "142"))) == reading.Hierarchy(142, None)


def test_an_unknown_folder_type_is_taken_for_mail():
    assert Folder("1", "x", 99).item_class == "Email"


def test_sync_changes():
    data = s("ApplicationData", element(tag("Email", "Subject"), "S"))
    commands = s(
        "Commands",
        s("Add", s("ServerId", "1:1"), data),
        s("Change", s("ServerId", "1:2"), data),
        s("Delete", s("ServerId", "1:3")),
        s("SoftDelete", s("ServerId", "1:4")),
    )
    collection = s(
        "Collection",
        s("SyncKey", "2"),
        s("CollectionId", "1"),
        s("Status", "1"),
        s("MoreAvailable"),
        commands,
    )
    (change,) = reading.collections(s("Sync", s("Collections", collection)))
    assert (change.collection, change.status, change.key, change.more) == ("1", 1, "2", True)
    assert (change.added, change.changed, change.removed) == ({"1:1": data}, {"1:2": data}, ("1:3", "1:4"))


def test_a_sync_answer_without_collections():
    assert reading.collections(s("Sync", s("Status", "12"))) == ()


def test_ping_answers():
    def ping(*children):
        return reading.awakening(element(tag("Ping", "Ping"), *children))

    status = tag("Ping", "Status")
    folders = element(tag("Ping", "Folders"), element(tag("Ping", "Folder"), "1"))
    assert ping(element(status, "2"), folders) == reading.Awakening(2, ("1",))
    assert ping(element(status, "5"), element(tag("Ping", "HeartbeatInterval"), "60")).limit == 60
    assert ping(element(status, "6"), element(tag("Ping", "MaxFolders"), "3")).limit == 3
    assert ping() == reading.Awakening(None)


def test_a_policy():
    document = p("EASProvisionDoc", p("DevicePasswordEnabled", "1"), p("MinDevicePasswordLength"))
    policy = p("Policy", p("PolicyType", "t"), p("Status", "1"), p("PolicyKey", "77"), p("Data", document))
    answer = reading.policy_answer(p("Provision", p("Status", "1"), p("Policies", policy)))
    assert (answer.status, answer.policy_status, answer.key, answer.wipe) == (1, 1, 77, None)
    assert answer.settings == {"DevicePasswordEnabled": "1", "MinDevicePasswordLength": ""}


def test_a_directive_is_found_in_either_place():
    inside = p("Provision", p("Policies", p("Policy", p("RemoteWipe"))))
    beside = p("Provision", p("Status", "1"), p("AccountOnlyRemoteWipe"))
    assert reading.policy_answer(inside).wipe is WipeKind.DEVICE
    assert reading.policy_answer(beside).wipe is WipeKind.ACCOUNT
    assert reading.policy_answer(p("Provision")).key == 0
