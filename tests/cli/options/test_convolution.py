"""The command that both convolutions share."""

from __future__ import annotations

import json

from tests.support.conv_command import conv


def test_groups_divide_the_channels_that_a_filter_reads() -> None:
    shown = conv("--n 8 --f 3x1 --c 4 --k 6 --groups 2 --no-bias")
    assert "params = k·(c/g·f_height·f_width)\n       = 6·(4/2·3·1)\n       = 36\n" in shown
    assert "FLOPs  = 2·MACs\n" in shown


def test_json_without_channels_holds_no_costs() -> None:
    assert not {"params", "macs", "flops", "output_shape"} & set(json.loads(conv("--n 9 --f 3 --format json")))
