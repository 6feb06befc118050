"""The report in its two forms."""

import json

from gateway.doctor.tree import Fault, Node, Report, Status, as_json, as_text, printable

LEAF = Node(Status.WARN, "https://a.example, POST .xml", "HTTP 200", ("http.apex_html",))
TREE = Node(
    Status.WARN, "phone: phones", "configures itself", (), (LEAF, Node(Status.SKIP, "later", "not reached"))
)
FAULT = Fault(
    Status.WARN, "http.apex_html", "https://a.example", "a web page", "seen it", "mend " * 40, ("npm",)
)
REPORT = Report("ann@a.example", (TREE,), (FAULT,))


def test_a_report_with_warnings_is_healthy_and_with_a_failure_is_not() -> None:
    assert REPORT.healthy
    assert not Report("ann@a.example", (Node(Status.FAIL, "x"),), ()).healthy
    assert not Report("ann@a.example", (), (Fault(Status.FAIL, "a.b", "x", "", "", ""),)).healthy


def test_text() -> None:
    lines = as_text(REPORT).splitlines()
    assert lines[2] == "warn  phone: phones: configures itself"
    assert lines[3] == "  warn  https://a.example, POST .xml: HTTP 200  [http.apex_html]"
    assert lines[-1] == "0 pass, 1 warn, 0 fail, 1 skip"
    assert "        hurts npm" in lines
    assert all(len(line) <= 110 for line in lines)


def test_json_says_the_same() -> None:
    said = json.loads(as_json(REPORT))
    assert (said["address"], said["healthy"], said["counts"]["warn"]) == ("ann@a.example", True, 1)
    assert said["findings"][0]["code"] == "http.apex_html"
    assert said["tree"][0]["children"][0]["codes"] == ["http.apex_html"]


def test_a_server_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[2Jb\r\nc\u202e") == "a?[2Jb??c?"
    node = Node(Status.PASS, "x", "HTTP \x1b]0;gotcha\x07")
    assert "\x1b" not in as_text(Report("ann@a.example", (node,), ()))
