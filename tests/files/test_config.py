"""The configuration of a repository: where it is found, which values apply to a file, and what it cannot do."""

from __future__ import annotations

import os
import pickle
from typing import TYPE_CHECKING

import pytest

from shapecalc.diagnostics import ShapecalcError
from shapecalc.files.config import NO_CONFIG, Config, ConfigValue, find_config, load_config
from shapecalc.files.config_keys import Override, read_condition
from shapecalc.files.settings import Settings
from shapecalc.files.toml import MOST_BYTES

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "outside" / "repository"
    (root / "nets" / "edge").mkdir(parents=True)
    (root / ".git").mkdir()
    monkeypatch.chdir(root)
    return root


def strict(folder: Path, name: str = ".shapecalc.toml", text: str = "strict = true\n") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def refused(code: str = "SC506") -> str:
    with pytest.raises(ShapecalcError) as caught:
        find_config()
    assert caught.value.exit_code == 2
    assert [found.code for found in caught.value.diagnostics] == [code]
    return caught.value.diagnostics[0].message


def test_the_nearest_file_above_is_found(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    strict(repository)
    monkeypatch.chdir(repository / "nets" / "edge")
    found = find_config()
    assert found.at("a.yaml").strict
    assert found.source is not None
    assert found.source.name == "../../.shapecalc.toml"
    strict(repository / "nets", text="strict = false\n")
    assert not find_config().at("a.yaml").strict


def test_in_one_folder_the_own_file_comes_first(repository: Path) -> None:
    strict(repository, "pyproject.toml", "[tool.shapecalc]\nstrict = false\n")
    assert not find_config().at("a.yaml").strict
    strict(repository)
    assert find_config().at("a.yaml").strict


def test_a_project_without_the_table_is_passed_over(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    strict(repository)
    monkeypatch.chdir(repository / "nets")
    for text in ("", "[project]\nname = 'x'", "[project]\ndependencies = ['nn-shapecalc']", "[tool]\nx = 'shapecalc'"):
        strict(repository / "nets", "pyproject.toml", text)
        assert find_config().at("a.yaml").strict, text
    strict(repository / "nets", "pyproject.toml", "not toml at all")
    assert find_config().at("a.yaml").strict
    strict(repository / "nets", "pyproject.toml", "[tool.shapecalc\n")
    assert "is not TOML" in refused()


def test_the_own_file_is_never_passed_over(repository: Path) -> None:
    for text in ("[tool.shapecal]\nstrict = true\n", "tool = 3\n"):
        strict(repository, text=text)
        assert refused() == "`.shapecalc.toml` has no `[tool.shapecalc]`", text


def test_the_search_ends_at_the_root_of_the_repository(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    strict(repository.parent)
    assert find_config() == NO_CONFIG
    (repository / ".git").rmdir()
    assert find_config().at("a.yaml").strict
    monkeypatch.setenv("HOME", str(repository))
    assert find_config() == NO_CONFIG
    monkeypatch.setenv("HOME", str(repository.parent))
    assert find_config().at("a.yaml").strict
    (repository / ".git").write_text("gitdir: elsewhere")  # of a work tree or a submodule
    assert find_config() == NO_CONFIG


def test_a_current_folder_that_is_gone_has_none(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = repository / "gone"
    gone.mkdir()
    strict(repository)
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert find_config() == NO_CONFIG
    assert load_config(repository / ".shapecalc.toml").at("a.yaml").strict


def test_a_file_that_cannot_be_read_is_an_error(repository: Path) -> None:
    path = repository / ".shapecalc.toml"
    path.symlink_to(path)
    assert "links form a circle" in refused("SC001")
    path.unlink()
    path.mkdir()
    assert "is a directory" in refused("SC001")
    path.rmdir()
    os.mkfifo(path)
    assert "is not a regular file" in refused("SC001")
    path.unlink()
    path.write_bytes(b"# " + b"x" * MOST_BYTES)
    assert "is larger than" in refused()
    path.write_bytes(b"strict = \xff")
    assert "is not UTF-8" in refused("SC002")
    if os.geteuid():  # the root reads everything
        path.chmod(0)
        assert "permission denied" in refused("SC001")


def test_a_link_out_of_the_repository_is_refused_and_nothing_of_it_is_shown(repository: Path) -> None:
    secret = strict(repository.parent, "secret", "shapecalc-password = hunter2\n")
    for name in (".shapecalc.toml", "pyproject.toml"):
        (repository / name).symlink_to(secret)
        with pytest.raises(ShapecalcError) as caught:
            find_config()
        assert "is a link to a file elsewhere" in str(caught.value)
        assert "hunter2" not in repr((caught.value.diagnostics, caught.value.source))
        (repository / name).unlink()
    shared = strict(repository / "nets", "shared.toml")
    (repository / ".shapecalc.toml").symlink_to(shared)
    assert find_config().at("a.yaml").strict


def test_paths_are_relative_to_the_folder_of_the_file(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    strict(repository, text='paths = ["nets", "more/*.yaml"]\nlock-file = "a.json"\nexclude = ["nets/old"]\n')
    monkeypatch.chdir(repository / "nets")
    found = find_config()
    assert found.paths == (".", "../more/*.yaml")
    assert found.lock_file == "../a.json"
    assert [found.excludes(path) for path in ("old/a.yaml", "new/a.yaml")] == [True, False]
    assert find_config().with_options(lock_file="b.json").lock_file == "b.json"
    strict(repository, text="")
    assert find_config().paths == ("..",)
    assert NO_CONFIG.paths == ()


def test_paths_of_a_file_that_is_named_are_relative_to_the_current_folder(repository: Path) -> None:
    base = strict(repository.parent, "base.toml", '[tool.shapecalc]\npaths = ["nets"]\n')
    assert load_config(base).paths == ("nets",)
    own = strict(repository.parent, "own.toml", 'paths = ["nets"]\n')
    assert load_config(own).paths == ("nets",)
    for name, text in (("pyproject.toml", 'paths = ["nets"]\n'), ("x.toml", "[tool.ruff]\n"), ("x.toml", "tool = 1")):
        with pytest.raises(ShapecalcError, match=r"has no `\[tool.shapecalc\]`"):
            load_config(strict(repository.parent, name, text))
    with pytest.raises(ShapecalcError, match="does not exist"):
        load_config("missing.toml")


def test_a_path_that_does_not_exist_is_a_mistake_in_the_file(repository: Path) -> None:
    strict(repository, text='paths = ["nets", "lenet5", "*.yaml"]\n')
    assert find_config().paths == ("nets", "lenet5", "*.yaml"), "one that was deleted is in another revision"
    with pytest.raises(ShapecalcError, match="`paths` names `lenet5`, which does not exist") as caught:
        find_config().existing_paths()
    (found,) = caught.value.diagnostics
    assert (found.code, found.span, caught.value.exit_code) == ("SC506", (1, 18, 1, 26, 0), 2)
    (repository / "lenet5").mkdir()
    assert find_config().existing_paths() == find_config().paths
    assert NO_CONFIG.existing_paths() == ()


def test_no_path_leads_out_through_a_link(repository: Path) -> None:
    (repository / "nets" / "out").symlink_to(repository.parent)
    (repository / "nets" / "in").symlink_to(repository / "nets" / "edge")
    for key in ('paths = ["nets/out"]', 'paths = ["nets/out/*.yaml"]', 'paths = ["nets/out/**"]'):
        strict(repository, text=f"{key}\n")
        with pytest.raises(ShapecalcError, match="leads out of the folder") as caught:
            _ = find_config().paths
        assert caught.value.exit_code == 2
    strict(repository, text='lock-file = "nets/out/a.json"\n')
    with pytest.raises(ShapecalcError, match="leads out of the folder"):
        _ = find_config().lock_file
    strict(repository, text='paths = ["nets/in", "nets/*/x.yaml"]\n')
    assert find_config().paths == ("nets/in", "nets/*/x.yaml")


LAYERED = Config(
    values={"ignore": ("SC4",), "set": {"N": 8, "H": 7}, "fail-on": (read_condition("params > 3"),), "strict": True},
    overrides=(
        Override(("edge/**", "small"), {"ignore": ("SC5",), "set": {"N": 1}, "budgets.batch": 2}),
        Override(("*.tiny.yaml",), {"strict": False, "batch": 4}),
    ),
)


def test_overrides_replace_values_in_their_order() -> None:
    own, edge, both = (LAYERED.at(path) for path in ("a.yaml", "edge/deep/a.yaml", "edge/a.tiny.yaml"))
    assert own.ignore == ("SC4",)
    assert own.settings == Settings({"N": 8, "H": 7})
    assert own.strict
    assert (edge.ignore, edge.settings, edge.budgets.batch) == (("SC5",), Settings({"N": 1, "H": 7}), 2)
    assert not both.strict
    assert both.settings == Settings({"N": 1, "H": 7}, batch=4)
    assert LAYERED.at("x/small/a.yaml") == edge
    assert NO_CONFIG.at("a.yaml") == Config(overrides=LAYERED.overrides).at("a.yaml")


def test_a_batch_set_by_its_symbol_replaces_a_batch_of_the_layers_before() -> None:
    config = Config(
        values={"batch": 8, "set": {"T": 3}},
        overrides=(Override(("edge",), {"set": {"N": 1}}), Override(("a.yaml",), {"set": {"N": 5}, "batch": 4})),
    )
    rows = {"b.yaml": ({"T": 3}, 8), "edge/b.yaml": ({"T": 3, "N": 1}, None), "edge/a.yaml": ({"T": 3, "N": 5}, 4)}
    for path, settings in rows.items():
        assert config.at(path).settings == settings, path
        assert config.entries(path)["batch"].value == settings[1], path
    assert config.entries("edge/b.yaml")["batch"][1:3] == ("override", 1)
    given = config.with_options(set={"N": 2}).entries("edge/a.yaml")
    assert (given["batch"], given["set.N"].value) == ((None, "option", None, None), 2)


def test_an_option_replaces_a_value_or_adds_to_a_list() -> None:
    given = LAYERED.with_options(ignore=("SC1",), select=(), fail_on=(read_condition("macs > 4"),), strict=False)
    own = given.at("edge/a.yaml")
    assert (own.ignore, own.select, own.strict) == (("SC1",), (), True)
    assert [one.text for one in own.fail_on] == ["params > 3", "macs > 4"]
    assert [one.text for one in given.fail_on] == ["params > 3", "macs > 4"]
    assert own.settings == LAYERED.at("edge/a.yaml").settings


def test_every_value_has_its_origin(repository: Path) -> None:
    text = (
        'strict = true\nset.N = 8\nexclude = ["a"]\n[[overrides]]\npaths = ["edge"]\nset = {N = 1}\nbudgets.batch = 2\n'
    )
    strict(repository, text=text)
    found = find_config().with_options(exclude=("b",), ignore=("SC4",))
    entries = found.entries("edge/a.yaml")
    assert entries["strict"] == ConfigValue(value=True, origin="file", line=1)
    assert entries["set.N"] == ConfigValue(1, "override", 1, 6)
    assert entries["budgets.batch"] == ConfigValue(2, "override", 1, 7)
    assert entries["exclude"] == ConfigValue(("a", "b"), "file, option", line=3)
    assert entries["ignore"] == ConfigValue(("SC4",), "option")
    assert entries["select"] == ConfigValue(())
    assert found.entries()["set.N"] == ConfigValue(8, "file", None, 2)


def test_a_configuration_is_sent_to_other_processes(repository: Path) -> None:
    strict(repository, text='fail-on = ["params > 3"]\nset.N = 8\nbudgets.max-params = 3\n[[overrides]]\npaths = "a"\n')
    found = find_config()
    assert pickle.loads(pickle.dumps(found)).at("a.yaml") == found.at("a.yaml")
