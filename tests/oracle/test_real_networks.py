"""Networks of torchvision, timm and transformers: PyTorch's figures, and no warning that is not true of them."""

from __future__ import annotations

import collections
import csv
import re
from pathlib import Path

import pytest

import shapecalc

FOLDER = Path(__file__).parent / "real_networks"
ROWS = (FOLDER / "index.tsv").read_text(encoding="utf-8").splitlines()
NETWORKS = {row["file"]: row for row in csv.DictReader(ROWS, delimiter="\t")}
SIZES = re.compile(r"^sizes: \{(.+)\}\n", re.MULTILINE)
OPEN = [name for name in NETWORKS if SIZES.search((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))]
"""The networks that can be inferred with an unbound length, or height and width."""

TOKEN_MIXING = {"timm-gmlp_ti16_224", "timm-mixer_s32_224", "timm-resmlp_12_224"}
"""Networks with a linear layer over all positions: SC415 is true of them if height and width are unbound."""

EXPECTED = {
    "SC401": "a window with a stride leaves the last row or column of an even map unread, in PyTorch too",
    "SC403": "an output that the model computes and does not read, or an input that it takes and does not read",
    "SC405": "a convolution with a bias before a batch norm, which the model has as well",
}
"""The codes that real networks may have, with what is true of the network then; the index has how many each has."""


ZOO = sorted((Path(__file__).parents[2] / "architectures").glob("*.yaml"))
IN_THE_ZOO = {
    "crnn": {"SC405": 1},
    "pointnet": {"SC404": 1, "SC405": 1},
    "squeezenet1_1": {"SC401": 1},
    "vgg11_bn": {"SC405": 1},
    "vgg13_bn": {"SC405": 1},
    "vgg16_bn": {"SC405": 1},
    "vgg19_bn": {"SC405": 1},
}
"""The warnings of the zoo, true for the same reasons; every other file has none."""

TABLE = Path(__file__).parent / "real_networks.tsv"
POPULATIONS = list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines(), delimiter="\t"))
"""Of each network of the populations, whether it can be written, by make_real_networks_table.py."""
GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "networks.md"


def expected(name: str) -> dict[str, int]:
    """Return the number of warnings of each code that the index has for a file."""
    pairs = (entry.split(":") for entry in (NETWORKS[name]["warnings"] or "").split())
    return {code: int(count) for code, count in pairs}


def found(path: Path) -> dict[str, int]:
    """Return the number of findings of each code."""
    (result,) = shapecalc.check(path)
    return dict(collections.Counter(finding.code for finding in result.findings))


def test_every_file_is_in_the_index_and_none_is_large() -> None:
    paths = sorted(FOLDER.glob("*.yaml"))
    assert [path.stem for path in paths] == sorted(NETWORKS)
    assert max(path.stat().st_size for path in paths) <= 60_000
    assert sum(path.stat().st_size for path in paths) <= 4_000_000


def test_a_hundred_networks_are_checked() -> None:
    assert len(NETWORKS) >= 100
    assert {row["population"].partition("-")[0] for row in NETWORKS.values()} == {"torchvision", "timm", "transformers"}


def test_the_table_has_the_figures_of_the_files() -> None:
    rows = {f"{row['population'].partition('-')[0]}-{row['name']}": row for row in POPULATIONS}
    for name, network in NETWORKS.items():
        row = rows[name]
        assert row["written"] == "yes", name
        assert [row[key] for key in ("population", "params", "buffers", "macs")] == [
            network[key] for key in ("population", "params", "buffers", "macs")
        ], name


def test_a_network_of_the_table_is_written_with_pytorchs_values_or_has_a_reason_against_it() -> None:
    for row in POPULATIONS:
        name = f"{row['population']} {row['name']}"
        assert row["written"] in {"yes", "no"}, name
        assert row["written"] == "yes" or row["reason"], name
        assert bool(row["error"]) == bool(row["precision"]), name
        assert float(row["error"] or 0) <= 2e-5, name


def test_the_guide_has_the_numbers_of_the_table() -> None:
    lines = GUIDE.read_text(encoding="utf-8").splitlines()
    for population in sorted({row["population"] for row in POPULATIONS}):
        rows = [row for row in POPULATIONS if row["population"] == population]
        counts = [len(rows), sum(row["written"] == "yes" for row in rows), sum(bool(row["error"]) for row in rows)]
        assert f"| {population} | {' | '.join(map(str, counts))} |" in lines


def test_the_guide_names_the_networks_that_cannot_be_written() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    for row in POPULATIONS:
        assert row["written"] == "yes" or f"`{row['name']}`" in text, row["name"]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_real_network_has_the_figures_of_pytorch(name: str) -> None:
    row = NETWORKS[name]
    report = shapecalc.inspect(shapecalc.load(FOLDER / f"{name}.yaml"), N=1)
    outputs = " ".join("x".join(map(str, shape)) for shape in report.outputs.values())  # PyTorch's: eight at most
    totals = report.totals
    assert (totals.params, totals.buffers, totals.macs, outputs[: len(row["output"])]) == (
        int(row["params"]),
        int(row["buffers"]),
        int(row["macs"]),
        row["output"],
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_a_real_network_has_no_false_alarm(name: str) -> None:
    assert found(FOLDER / f"{name}.yaml") == expected(name)
    assert set(expected(name)) <= set(EXPECTED)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_a_real_network_whose_sizes_are_numbers_has_no_false_alarm(name: str, tmp_path: Path) -> None:
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    if sizes := SIZES.search(text):
        head, layers, steps = SIZES.sub("", text).partition("layers:")
        for symbol, size in (pair.split(": ") for pair in sizes[1].split(", ")):
            head = re.sub(rf", {symbol}\b", f", {size}", head)
        text = head + layers + steps
    path = tmp_path / f"{name}.yaml"
    path.write_text(text.replace("[N, ", "[4, "), encoding="utf-8")
    assert found(path) == expected(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", OPEN)
def test_a_real_network_of_any_size_has_no_false_alarm(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.yaml"
    path.write_text(SIZES.sub("", (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")), encoding="utf-8")
    allowed = {"SC415"} if name in TOKEN_MIXING else set()
    assert set(found(path)) <= set(expected(name)) | allowed


@pytest.mark.parametrize("path", ZOO, ids=lambda path: path.stem)
def test_a_file_of_the_zoo_has_no_false_alarm(path: Path) -> None:
    assert found(path) == IN_THE_ZOO.get(path.stem, {})
