"""What the demo tells people to paste; its lives are played in ``test_demo``."""

import shlex

from click.testing import CliRunner

from gateway.cli.demo_play import instructions
from gateway.cli.demo_stage import CAST, Ports, Stage
from gateway.cli.phone import play


def test_the_phone_to_paste_is_understood(tmp_path):
    stage = Stage(tmp_path / "a b", Ports())
    text = instructions(stage, CAST[0]).replace("\\\n", " ")
    line = next(line for line in text.splitlines() if "device play" in line)
    words = shlex.split(line)
    assert words[1:3] == ["device", "play"]
    assert str(tmp_path / "a b" / "password") in words
    result = CliRunner().invoke(play, [*words[3:], "--help"])
    assert result.exit_code == 0


def test_the_wipe_to_paste_names_device_and_configuration(tmp_path):
    text = instructions(Stage(tmp_path, Ports()), CAST[0])
    words = shlex.split(next(line for line in text.splitlines() if "device wipe" in line))
    assert CAST[0].address in words
    assert str(tmp_path / "demo.toml") in words
