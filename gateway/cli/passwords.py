"""The password that a command signs in with: never an argument, which others on the machine could read."""

from typing import TextIO

import click


def own_password(file: TextIO | None) -> str:
    """The first line of the file, or what is typed without being shown.

    Raises:
        click.BadParameter: the file holds no password.
    """
    if file is None:
        typed: str = click.prompt("Password", hide_input=True, err=True)
        return typed
    password = file.readline().rstrip("\r\n")
    if not password:
        raise click.BadParameter("the file holds no password", param_hint="--password-file")
    return password
