"""Networks compared with each other, with what their files expect, and with a lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc import ShapecalcError
from tests.support.git_repositories import GitRepository

if TYPE_CHECKING:
    from pathlib import Path

NET = "{name: net, input: [N, 8], layers: [linear: 4]}"


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "net.yaml"
    path.write_text(NET, encoding="utf-8")
    return path


def test_files_and_architectures_are_checked_together(net: Path) -> None:
    bad = shapecalc.loads("{name: bad, input: [N, 8], layers: [linear: 4], expect: {params: 7}}")
    results = shapecalc.check(bad, net, "lenet5", run=True)
    assert [result.name.rpartition("/")[2] for result in results] == ["net.yaml", "lenet5", "<text>"]
    assert [[finding.code for finding in result.findings] for result in results] == [[], [], ["SC501"]]


def test_an_architecture_is_checked_with_its_own_parameters() -> None:
    text = "{parameters: {w: 4}, input: [N, 8], layers: [linear: $w], expect: {params: 36}}"
    right, wrong = shapecalc.check(shapecalc.loads(text), shapecalc.loads(text, w=3))
    assert not right.findings
    assert wrong.findings[0].code == "SC501"
    assert repr(wrong) == "<Checked <text>: 1 error>"


def test_an_architecture_that_does_not_fit_is_a_result() -> None:
    wrong = shapecalc.loads("{input: [N, 9], layers: [linear: {out_features: 2, in_features: 8}]}")
    (result,) = shapecalc.check(wrong)
    assert [finding.code for finding in result.findings] == ["SC301"]
    assert result.source == wrong.file


def test_a_configuration_is_read_if_it_is_given(net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(net.parent)
    (net.parent / "pyproject.toml").write_text("[tool.shapecalc]\nbudgets = {max-params = 35}\n")
    (net.parent / "other.toml").write_text("budgets = {max-params = 36}\n")
    assert not shapecalc.check(net).failed()
    assert not shapecalc.check(net, config=False).failed()
    assert [found.code for found in shapecalc.check(config=True)[0].findings] == ["SC505"]
    assert not shapecalc.check(config="other.toml").failed()
    (net.parent / "other.toml").write_text("locked = true\n")
    with pytest.raises(ShapecalcError, match="SC503"):
        shapecalc.check(net, config=net.parent / "other.toml")
    with pytest.raises(ShapecalcError, match="SC506"):
        shapecalc.check(net, config=net)


def test_the_networks_of_a_repository_are_compared(net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = GitRepository(net.parent)
    commit = made.commit("first")
    before = shapecalc.inspect(net).totals.params
    net.write_text(net.read_text().replace("linear: 4", "linear: 5"))
    made.write({"other.yaml": net.read_text(), "paths.toml": 'paths = ["other.yaml"]\n'})
    compared = shapecalc.diff_revisions(commit, None, net.parent, exclude=["other.*"], N=3)
    assert isinstance(compared, shapecalc.RevisionComparison)
    (change,) = compared.changes
    assert (change.status, change.path) == (shapecalc.NetworkStatus.CHANGED, net.name)
    assert change.totals.params == (before, shapecalc.inspect(net).totals.params)
    assert change.totals.macs == (
        shapecalc.inspect(net, N=3).totals.macs * 4 // 5,
        shapecalc.inspect(net, N=3).totals.macs,
    )
    monkeypatch.chdir(net.parent)
    assert [each.path for each in shapecalc.diff_revisions(commit, config="paths.toml").changes] == ["other.yaml"]
    with pytest.raises(ShapecalcError, match="SC001"):
        shapecalc.diff_revisions("no-such-revision")


def test_reports_names_and_nothing_are_compared() -> None:
    by_name = shapecalc.diff("vgg11", "vgg13", N=2).totals
    by_report = shapecalc.diff(shapecalc.inspect("vgg11", N=2), shapecalc.inspect("vgg13", N=2)).totals
    assert by_name == by_report
    assert shapecalc.diff(None, "lenet5").totals.params.after == 61706
    assert shapecalc.diff(shapecalc.inspect("lenet5"), "lenet5").identical


def test_a_setting_of_one_network_is_that_networks() -> None:
    small = shapecalc.loads("{parameters: {w: 4}, input: [N, 8], layers: [linear: $w]}")
    other = shapecalc.loads("{input: [N, 8, H], sizes: {H: 5}, layers: [relu]}")
    change = shapecalc.diff(small, other, w=2, H=3)
    assert change.totals.params.before == 8 * 2 + 2
    assert change.new.outputs["output"][-1] == 3
    with pytest.raises(ShapecalcError, match="has no symbol `Q`"):
        shapecalc.diff(small, other, Q=2)


def test_a_lock_records_compares_and_updates(net: Path) -> None:
    file = net.with_name("nets.lock.json")
    first = shapecalc.lock(net, file=file)
    assert (first.new, first.updated, first.file) == (("net.yaml",), (), str(file))
    assert repr(shapecalc.lock(shapecalc.load(net), file=file)) == f"<Locked {file}: 1 networks, 0 new, 0 updates>"
    assert shapecalc.check(net, lock=file)[0].findings == ()
    net.write_text(NET.replace("linear: 4", "linear: 5"), encoding="utf-8")
    with pytest.raises(ShapecalcError, match="SC502"):
        shapecalc.lock(net, file=file)
    assert [finding.code for finding in shapecalc.check(net, lock=file)[0].findings] == ["SC502"]
    assert len(shapecalc.lock(net, file=file, update=True).updated) == 1
    assert shapecalc.check(net, lock=file)[0].findings == ()


def test_a_lock_holds_files_and_all_mistakes_are_told(net: Path) -> None:
    with pytest.raises(ShapecalcError, match="SC001: a lock names files, `net` is in none"):
        shapecalc.lock(shapecalc.loads(NET), file=net.with_name("lock.json"))
    for name in ("a.yaml", "b.yaml"):
        net.with_name(name).write_text(NET.replace("linear", "lnear"), encoding="utf-8")
    with pytest.raises(ShapecalcError, match=r"a\.yaml.*SC101") as caught:
        shapecalc.lock(net.parent, file=net.with_name("lock.json"))
    assert "b.yaml" in caught.value.__notes__[0]
    assert not net.with_name("lock.json").exists()
