"""Git repositories for tests: made with the real git, without the configuration of this machine."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CONFIGURATION = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{role}_{what}": "a@b" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


class GitRepository:
    """A repository in a folder, with what a test does to it."""

    def __init__(self, folder: Path, files: Mapping[str, str | bytes] | None = None) -> None:
        """Make a repository with a first commit of files, on the branch `main`."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")
        if files:
            self.write(files)
            self.commit("first")

    def git(self, *words: str, check: bool = True) -> str:
        """Run git in the folder, and return what it prints."""
        env = {**os.environ, **CONFIGURATION}
        ended = subprocess.run(["git", *words], cwd=self.folder, check=False, env=env, capture_output=True)
        assert not check or not ended.returncode, (words, ended.stderr.decode())
        return os.fsdecode(ended.stdout).strip()

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write files, with the folders around them."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def commit(self, message: str = "change") -> str:
        """Commit everything, and return the id of the commit."""
        self.git("add", "-A")
        self.git("commit", "-qm", message, "--allow-empty")
        return self.git("rev-parse", "HEAD")
