"""Commands as a user runs them, for tests of pictures."""

from tests.cli.conftest import run

__all__ = ["run"]
