"""The valid sizes of an architecture as text and JSON."""

from __future__ import annotations

import json
import re

from typer.testing import CliRunner

from shapecalc.cli import app
from tests.support.solving_commands import UNET, solve


def test_symbols_that_must_keep_to_the_same_are_said_together() -> None:
    assert solve("- --near 30", stdin=UNET) == (
        "two levels  [N, 1, H, W]\n"
        "\n"
        "H and W must be a multiple of 4\n"
        "  smallest   4\n"
        "  first ten  4, 8, 12, 16, 20, 24, 28, 32, 36, 40, …\n"
        "  near 30    28 below, 32 above\n"
        "\n"
        "any size of N is valid\n"
        "\n"
        "because                  required by  line\n"
        "──────────────────────────────────────────\n"
        "H == 4·⌊H/4⌋ (and of W)  concat_4       13\n"
        "and 6 more constraints that follow from these; `--format json` has all\n"
    )


def test_json_has_every_demand_and_the_sizes_in_lowest_terms() -> None:
    document = json.loads(solve("- --near 30 --format json", stdin=UNET))
    height = document["symbols"]["H"]
    assert (height["early"], height["start"], height["period"], height["residues"]) == ([], 4, 4, [0])
    assert height["near"] == {"asked": 30, "fits": False, "below": 28, "above": 32}
    assert [row["path"] for row in document["because"] if row["needed"]] == ["concat_4", "concat_4"]
    assert len(document["because"]) == 8
    assert (document["joint"], document["example"], document["found"]) == ([], None, True)


def test_fields_as_json_have_what_was_tried() -> None:
    document = json.loads(solve("alexnet --unknown conv1.stride --out 55x55 --at conv1 --format json"))
    assert document["choices"] == [{"values": {"conv1.stride": 4}, "output": ["N", 96, 55, 55]}]
    assert document["tried"] == {"conv1.stride": [1, 2, 3, 4, 5, 6, 7, 8]}


def test_a_narrow_terminal_breaks_no_line_later_than_its_width() -> None:
    from shapecalc import inspect, load
    from shapecalc.render.solve_architecture import solution
    from shapecalc.solving.input_sizes import near, solve as solved

    found = solved(inspect(load("densenet121"), symbolic=True))
    for width in (40, 80, 200):
        shown = solution(found, {"H": near(found.sizes["H"], 500)}, width=width, color=False, unicode=True)
        assert max(map(len, shown.splitlines())) <= width


def test_ascii_alone_is_written_where_nothing_else_can_be() -> None:
    result = CliRunner(env={"NO_COLOR": "1"}, charset="ascii").invoke(app, ["solve", "vgg16"])
    assert result.exit_code == 0
    assert "floor(H/16) >= 2" in result.stdout
    assert result.stdout.isascii()


def test_numbers_of_the_file_that_are_unbound_are_stated() -> None:
    shown = solve("alexnet")
    assert "the file states H = 227, W = 227: treated as unbound\n" in shown
    assert "near 227   227 fits; next to it 226 below and 228 above" in shown
    assert json.loads(solve("alexnet --format json"))["stated"] == {"H": 227, "W": 227}
    assert "stated" not in json.loads(solve("vgg16 --format json"))


def test_every_line_for_the_zoo_fits_80_columns_and_no_number_is_broken() -> None:
    from shapecalc import inspect, load
    from shapecalc.files import zoo
    from shapecalc.render.solve_architecture import solution
    from shapecalc.solving.input_sizes import solve as solved

    for name in zoo.names():
        found = solved(inspect(load(name), symbolic=True))
        text, wide = (solution(found, {}, width=width, color=False, unicode=True) for width in (80, None))
        assert max(map(len, text.splitlines())) <= 80, name
        assert sorted(re.findall(r"\d+", text)) == sorted(re.findall(r"\d+", wide)), name
