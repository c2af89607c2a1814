"""Files for CI services that a guide and `templates/` have, as their own checkers read them.

`python -m tests.support.ci_files FOLDER` writes them: workflows to `github/`, pipelines to `gitlab/`, hooks to
`pre-commit/`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs/guides/ci.md"
_COMPONENT = ROOT / "templates/check.yml"
_YAML = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
_KINDS = {"jobs": "github", "repos": "pre-commit"}


def blocks() -> list[str]:
    """Return the blocks of YAML of the guide, with an account and a commit for `OWNER` and `REF`."""
    text = GUIDE.read_text("utf-8").replace("OWNER", "owner")
    return _YAML.findall(re.sub(r"\bREF\b", "a" * 40, text))


def workflows() -> list[dict[str, Any]]:
    """Return the workflows of the guide."""
    return [yaml.safe_load(block) for block in blocks() if kind(block) == "github"]


def kind(block: str) -> str:
    """Return the service that a block is for."""
    return next((_KINDS[key] for key in yaml.safe_load(block) if key in _KINDS), "gitlab")


def header() -> dict[str, Any]:
    """Return the inputs of the GitLab component by their names."""
    read: dict[str, Any] = next(iter(yaml.safe_load_all(_COMPONENT.read_text("utf-8"))))["spec"]["inputs"]
    return read


def component(**given: str) -> dict[str, Any]:
    """Return the jobs of the GitLab component; `$[[ inputs.NAME ]]` is replaced in each text, as GitLab does."""
    _, jobs = yaml.safe_load_all(_COMPONENT.read_text("utf-8"))
    inputs = {name: about.get("default") for name, about in header().items()}
    inputs |= {name.replace("_", "-"): value for name, value in given.items()}

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {filled(key): filled(each) for key, each in value.items()}
        if isinstance(value, list):
            return [filled(each) for each in value]
        if isinstance(value, str):
            return re.sub(r"\$\[\[ inputs\.([\w-]+) \]\]", lambda found: inputs[found[1]], value)
        return value

    return filled(jobs)


def write(folder: Path) -> None:
    """Write every file below a folder of its service."""
    files = [*blocks(), _COMPONENT.read_text("utf-8").split("\n---\n")[0]]
    files.append(yaml.safe_dump(component(package="nn-shapecalc", paths="a\nb c")))
    for number, text in enumerate(files):
        path = folder / kind(text) / f"{number}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
