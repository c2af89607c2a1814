"""Versions of a file that is saved again and again."""

from __future__ import annotations

import os

import pytest

import shapecalc
from shapecalc.diffing.watch import PATIENCE, versions

NET = "input: [N, 8]\nlayers: [linear: 4, relu]\n"


WIDE = NET.replace("4", "6")


BAD = NET.replace("relu", "rleu")


def seen(path, *edits):
    """The versions that come of edits, one before each look; two looks more let the last one settle."""
    waiting = [*edits, *[lambda: None] * 2]

    def wait() -> None:
        if not waiting:
            raise StopIteration
        waiting.pop(0)()

    def inspect():
        return shapecalc.inspect(shapecalc.load(path))

    found = []
    # A generator makes a RuntimeError of StopIteration.
    with pytest.raises(RuntimeError, match="StopIteration"):
        found.extend(versions(str(path), inspect, wait))
    return found


@pytest.fixture
def net(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(NET)
    return path


def writing(path, text: str):
    return lambda: path.write_text(text)


def nothing() -> None:
    pass


def test_a_file_that_is_left_alone_is_one_version(net) -> None:
    (version,) = seen(net, nothing, nothing, nothing)
    assert version.report.totals.params == 36
    assert version.comparison is None


def test_each_save_is_compared_with_the_one_before(net) -> None:
    _, second, third = seen(net, writing(net, WIDE), nothing, writing(net, NET))
    assert second.comparison.totals.params.delta == 18
    assert third.comparison.totals.params.delta == -18


def test_after_a_mistake_the_comparison_is_with_the_last_good_version(net) -> None:
    _, broken, mended = seen(net, writing(net, BAD), nothing, writing(net, WIDE))
    assert broken.report is None
    assert [finding.code for finding in broken.error.diagnostics] == ["SC101"]
    assert mended.comparison.totals.params.delta == 18


def test_a_half_written_file_is_never_read(net) -> None:
    halves = [writing(net, WIDE[:size]) for size in (0, 10, 30)]
    _, second = seen(net, *halves, writing(net, WIDE))
    assert second.comparison.totals.params.delta == 18


AWAY = [nothing] * PATIENCE


def test_a_file_that_is_away_for_a_moment_is_not_gone(net) -> None:
    assert len(seen(net, net.unlink, *AWAY[1:], writing(net, NET))) == 1
    _, second = seen(net, net.unlink, *AWAY[1:], writing(net, WIDE))
    assert second.comparison.totals.params.delta == 18


def test_an_included_file_that_is_away_for_a_moment_is_not_gone(net, tmp_path) -> None:
    blocks = tmp_path / "blocks.yaml"
    blocks.write_text("blocks: {body: {layers: [relu]}}\n")
    net.write_text("include: blocks.yaml\ninput: [N, 8]\nlayers: [body]\n")
    _, second = seen(net, blocks.unlink, *AWAY[1:], writing(blocks, "blocks: {body: {layers: [linear: 2]}}\n"))
    assert second.comparison.totals.params.delta == 18
    _, gone = seen(net, blocks.unlink, *AWAY)
    assert gone.error.diagnostics[0].code == "SC115"


def test_a_file_that_stays_away_is_said_once_and_seen_again_when_it_is_back(net) -> None:
    _, gone, back = seen(net, net.unlink, *AWAY, nothing, nothing, writing(net, NET))
    assert gone.error.exit_code == 2
    assert back.comparison.identical


def test_a_file_that_another_takes_the_place_of_is_read_anew(net, tmp_path) -> None:
    (tmp_path / "other").write_text(WIDE)
    _, second = seen(net, lambda: (tmp_path / "other").replace(net))
    assert second.comparison.totals.params.delta == 18


def test_a_save_that_changes_no_byte_is_no_version(net) -> None:
    assert len(seen(net, writing(net, NET), lambda: os.utime(net, (1, 1)))) == 1


def test_what_is_included_is_watched_also_while_it_is_missing_or_broken(net, tmp_path) -> None:
    blocks = tmp_path / "blocks.yaml"
    net.write_text("include: blocks.yaml\ninput: [N, 8]\nlayers: [body]\n")
    missing, broken, good, other = seen(
        net,
        writing(blocks, "blocks: {body: {layers: [rleu]}}\n"),
        nothing,
        writing(blocks, "blocks: {body: {layers: [relu]}}\n"),
        nothing,
        writing(blocks, "blocks: {body: {layers: [relu, linear: 2]}}\n"),
    )
    assert missing.error.diagnostics[0].code == "SC115"
    assert broken.error.diagnostics[0].code == "SC101"
    assert good.report is not None
    assert other.comparison.totals.params.delta == 18


def test_bytes_that_are_no_text_are_a_version_with_an_error(net) -> None:
    _, second, third = seen(net, lambda: net.write_bytes(b"\xff"), nothing, lambda: net.write_bytes(b"\xfe"), nothing)
    assert [version.error.diagnostics[0].code for version in (second, third)] == ["SC002", "SC002"]
