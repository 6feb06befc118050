"""``usher`` commands that prepare the laboratory, in the test's own process: another one costs a second."""

from click.testing import CliRunner

from gateway.cli import main


def command(*arguments: str) -> None:
    """Run a command to its end; AssertionError with what it said when it fails."""
    done = CliRunner().invoke(main, list(arguments))
    assert done.exit_code == 0, done.output
