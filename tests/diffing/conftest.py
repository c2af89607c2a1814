"""Commands as a user runs them, for tests of revisions and of files that are watched."""

from tests.cli.conftest import run

__all__ = ["run"]
