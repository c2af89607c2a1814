"""Comparisons of floats, integers and flags, logic, conversion, and the positions that RoBERTa counts."""

import torch

from torch_cases import Case, Filled

IDS = Filled((2, 7), "int64", 3)
FLAGS = Filled((2, 3), "bool")
SMALL = (2, 3, 4)

CASES = (
    Case("equal", {"other": 1}, (IDS,), lambda x: x.eq(1)),
    Case("equal", {}, (IDS, Filled((7,), "int64", 3)), torch.eq),
    Case("equal", {}, (FLAGS, Filled((2, 1), "bool")), torch.eq),
    Case("not_equal", {"other": 1}, (IDS,), lambda x: x.ne(1)),
    Case("not_equal", {}, (SMALL, (3, 1)), torch.ne),
    Case("less", {"other": 0.25}, (SMALL,), lambda x: x.lt(0.25)),
    Case("less", {}, (SMALL, (3, 4)), torch.lt),
    Case("less_equal", {"other": 0.25}, (SMALL,), lambda x: x.le(0.25)),
    Case("less_equal", {}, (IDS, Filled((2, 1), "int64", 3)), torch.le),
    Case("greater", {"other": -0.5}, (SMALL,), lambda x: x.gt(-0.5)),
    Case("greater", {}, (SMALL, (2, 1, 1)), torch.gt),
    Case("greater_equal", {"other": 1}, (IDS,), lambda x: x.ge(1)),
    Case("greater_equal", {}, (SMALL, (4,)), torch.ge),
    Case("logical_not", {}, (FLAGS,), torch.logical_not),
    Case("logical_and", {}, (FLAGS, Filled((3,), "bool")), torch.logical_and),
    Case("logical_or", {}, (FLAGS, Filled((2, 1), "bool")), torch.logical_or),
    Case("cast", {"dtype": "int64"}, (SMALL,), lambda x: (4 * x / 4).to(torch.int64), saves=False),
    Case("cast", {"dtype": "bool"}, (SMALL,), lambda x: x.to(torch.bool)),
    Case("cast", {"dtype": "float32"}, (FLAGS,), lambda x: x.to(torch.float32)),
    Case("cast", {"dtype": "float32"}, (SMALL,), lambda x: x.to(torch.float32)),
    Case("cast", {"dtype": "int64"}, (FLAGS,), lambda x: x.to(torch.int64)),
    Case("cast", {"dtype": "bool"}, (IDS,), lambda x: x.to(torch.bool)),
    Case("cumsum", {"dim": 1}, (SMALL,), lambda x: x.cumsum(1)),
    Case("cumsum", {"dim": -1}, (SMALL,), lambda x: x.cumsum(-1)),
    Case("cumsum", {"dim": 1}, (IDS,), lambda x: x.cumsum(1)),
    Case("cumsum", {"dim": 0}, (FLAGS,), lambda x: x.cumsum(0)),
)
