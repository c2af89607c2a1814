"""The documents agree with the program: screens are what commands print, Python runs, files and names exist."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from shapecalc.cli import COMMANDS, app
from tests.support.git_repositories import GitRepository
from tests.support.rows import for_each

ROOT = Path(__file__).parents[2]
README, CHINESE_README = ROOT / "README.md", ROOT / "README.zh-CN.md"
BY_HAND, CHINESE_BY_HAND = ROOT / "docs/guides/by-hand.md", ROOT / "docs/zh/by-hand.md"
WRITTEN = [README, CHINESE_README, *sorted((ROOT / "docs").rglob("*.md"))]
LINKED = [*WRITTEN, *map(ROOT.joinpath, ("SECURITY.md", "CHANGELOG.md", "benchmarks/README.md", "fuzz/README.md"))]
GENERATED: dict[Path, str] = runpy.run_path(str(ROOT / "docs/generate.py"))["pages"]()
ORACLE = Path(__file__).parent.parent / "oracle"
"""The models of other tools that pages name are fixtures there."""
CODE = re.compile(r'^```(?P<language>\w+)(?: title="(?P<title>\S+)")?\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL)
WHOLE = re.compile(r"^inputs?:.*^layers:", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A block of code: `title` is the file that it is, `main:FILE` as of the branch `main`."""

    page: Path
    language: str
    title: str
    text: str

    @property
    def name(self) -> str:
        page = self.page.relative_to(ROOT).with_suffix("").as_posix().removeprefix("docs/")
        return f"{page}: {self.text.splitlines()[0].removeprefix('$ ')}"


BLOCKS = [
    Block(page, found["language"], found["title"] or "", found["text"])
    for page in WRITTEN
    for found in CODE.finditer(page.read_text(encoding="utf-8"))
]
SCREENS = [block for block in BLOCKS if block.language == "console"]
NETWORKS = [block for block in BLOCKS if block.language == "yaml" and not block.title and WHOLE.search(block.text)]
PYTHON = [block for block in BLOCKS if block.language == "python" and not block.title]


def name(value: Block | Path) -> str:
    return value.name if isinstance(value, Block) else value.relative_to(ROOT).as_posix()


def without_times(text: str) -> str:
    return re.sub(r"\((?:below )?[\d.]+ m?s\)", "(0.00 s)", text)


def printed(screen: Block) -> str:
    """Run the commands of a screen and return the screen as it should be."""
    lines = []
    for command in (line for line in screen.text.splitlines() if line.startswith("$ ")):
        result = CliRunner().invoke(app, shlex.split(command.removeprefix("$ shapecalc ")), prog_name="shapecalc")
        lines += [command, (result.stdout + result.stderr).rstrip("\n")]
    return "\n".join(lines) + "\n"


@for_each("screen", SCREENS, ids=name)
def test_every_screen_is_what_the_command_prints(
    screen: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    files = {
        block.title: block.text
        for block in BLOCKS
        if block.page == screen.page and block.language in ("yaml", "csv", "toml") and block.title
    }
    committed = {title.removeprefix("main:"): text for title, text in files.items() if title.startswith("main:")}
    if "--base main" in screen.text:
        GitRepository(tmp_path, committed)
    for title in files.keys() - {f"main:{title}" for title in committed}:
        (tmp_path / title).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / title).write_text(files[title], encoding="utf-8")
    for model in re.findall(r"\b[\w-]+\.(?:pt2|onnx|keras)\b", screen.text):
        for fixture in ORACLE.glob(f"*/{model}"):
            shutil.copy(fixture, tmp_path)
    monkeypatch.chdir(tmp_path)
    real = printed(screen)
    if request.config.getoption("--update-cases"):
        text = screen.page.read_text(encoding="utf-8").replace(
            f"```console\n{screen.text}```", f"```console\n{real}```"
        )
        screen.page.write_text(text, encoding="utf-8")
    else:
        assert without_times(screen.text) == without_times(real)


def shown_commands(page: Path) -> list[str]:
    return [
        line for screen in SCREENS if screen.page == page for line in screen.text.splitlines() if line.startswith("$ ")
    ]


@pytest.mark.parametrize("page", [BY_HAND, CHINESE_BY_HAND], ids=name)
def test_the_table_of_the_guide_by_hand_states_what_its_commands_show(page: Path) -> None:
    screens = [
        (shlex.split(part.splitlines()[0]), part)
        for screen in SCREENS
        if screen.page == page
        for part in re.split(r"^\$ ", screen.text, flags=re.MULTILINE)
        if part
    ]
    rows = re.findall(
        r"^\| \[[^|]+ \| `(shapecalc [^|]+)` \| ([^|]+) \|$", page.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(rows) > 20
    wrong = []
    for command, values in rows:
        words = shlex.split(command)
        shown = [text.partition("\n")[2] for run, text in screens if all(word in run for word in words)]
        if not any(all(value in text for value in re.findall(r"`([^`]+)`", values)) for text in shown):
            wrong.append(f"{command}: {values}")
    assert wrong == []


def test_the_chinese_pages_show_what_the_english_ones_show() -> None:
    assert shown_commands(CHINESE_BY_HAND) == shown_commands(BY_HAND)
    assert set(shown_commands(CHINESE_README)) <= set(shown_commands(README))
    installing, installing_in_chinese = (
        [block.text for block in BLOCKS if block.page == page and block.language == "sh"]
        for page in (README, CHINESE_README)
    )
    assert installing_in_chinese == installing


@pytest.mark.parametrize("network", NETWORKS, ids=name)
def test_every_network_is_what_it_expects(network: Block) -> None:
    result = CliRunner().invoke(app, ["inspect", "-"], input=network.text)
    assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.parametrize("page", sorted({block.page for block in PYTHON}), ids=name)
def test_the_python_of_a_page_runs(page: Path) -> None:
    exec("".join(block.text for block in PYTHON if block.page == page), {})


@pytest.mark.parametrize("page", GENERATED, ids=name)
def test_a_generated_page_follows_from_the_code(page: Path, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-cases"):
        page.write_text(GENERATED[page], encoding="utf-8")
    assert page.read_text(encoding="utf-8") == GENERATED[page]


def test_a_layer_is_added_in_two_files(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "shapecalc", tmp_path / "shapecalc", ignore=shutil.ignore_patterns("__pycache__"))
    added = [block for block in BLOCKS if block.page.name == "contributing.md" and block.title.endswith(".py")]
    assert len(added) == 2
    for block in added:
        with (tmp_path / block.title).open("a", encoding="utf-8") as file:
            file.write(f"\n\n{block.text}")
    network = "{input: [N, 5], layers: [{linear: 7}, {hard_clip: {min_val: -0.5, max_val: 0.5}}]}"
    for options in ([], ["--backward"]):
        command = [sys.executable, "-P", "-m", "shapecalc", "verify", "-", *options]
        environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONIOENCODING": "utf-8"}
        done = subprocess.run(
            command, input=network, capture_output=True, encoding="utf-8", cwd=tmp_path, env=environment, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "hard_clip_1" in done.stdout


def test_the_readme_has_at_most_200_lines() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 200


def test_the_readme_or_a_guide_shows_every_command() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in (README, *(ROOT / "docs/guides").glob("*.md")))
    assert [command for command in COMMANDS if f"`{command}`" not in text and f"shapecalc {command}" not in text] == []


@pytest.mark.parametrize("page", LINKED, ids=name)
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_map_of_the_code_names_every_folder() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    folders = [path.parent.name for path in (ROOT / "shapecalc").glob("*/__init__.py")]
    assert [folder for folder in folders if f"**`{folder}/`**" not in text] == []


def test_the_tree_of_calls_names_functions_that_exist() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    calls = re.findall(r"─ (\S+\.py) (?:\w+\.)?(\w+)", text)
    assert len(calls) > 10
    defined = {file: (ROOT / "shapecalc" / file).read_text(encoding="utf-8") for file, _ in calls}
    assert [call for call in calls if f"def {call[1]}(" not in defined[call[0]]] == []


def test_the_files_and_tests_that_documents_name_exist() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    missing = []
    for page in (ROOT / "docs/architecture.md", ROOT / "docs/contributing.md"):
        for quoted in re.findall(r"`([^`\s]+)`", page.read_text(encoding="utf-8")):
            is_path = quoted.startswith(("shapecalc/", "tests/", "docs/")) and not set(quoted) & set("<*…")
            if (is_path and not (ROOT / quoted).exists()) or (
                re.fullmatch(r"test_\w+", quoted) and f"def {quoted}(" not in tests
            ):
                missing.append(f"{page.name}: {quoted}")
    assert missing == []
