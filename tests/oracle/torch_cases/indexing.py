"""Selection by a condition, by indices, by a triangle, and by size."""

from functools import partial
from math import inf

import torch

from torch_cases import Case, Filled

SMALL = (2, 3, 4)
FLAGS = Filled(SMALL, "bool")
IDS = Filled((2, 3), "int64", 5)

CASES = (
    Case("where", {}, (FLAGS, SMALL, SMALL), torch.where),
    Case("where", {}, (Filled((3, 1), "bool"), (2, 1, 4), (4,)), torch.where),
    Case("where", {"x": 0.5}, (FLAGS, (3, 4)), lambda condition, y: torch.where(condition, 0.5, y)),
    Case("where", {"y": -inf}, (Filled((4,), "bool"), SMALL), lambda condition, x: torch.where(condition, x, -inf)),
    Case(
        "where",
        {"other": 1},
        (Filled((3,), "bool"), IDS),
        lambda condition, x: torch.where(condition, x, 1),
        saves=False,
    ),
    Case("where", {"x": 1.0, "y": 0.0}, (FLAGS,), lambda condition: torch.where(condition, 1.0, 0.0)),
    Case("masked_fill", {"value": 0.5}, (SMALL, Filled((3, 1), "bool")), lambda x, mask: x.masked_fill(mask, 0.5)),
    Case("masked_fill", {"value": -inf}, (SMALL, FLAGS), lambda x, mask: x.masked_fill(mask, -inf)),
    Case(
        "masked_fill", {"value": 3}, (IDS, Filled((2, 3), "bool")), lambda x, mask: x.masked_fill(mask, 3), saves=False
    ),
    Case("gather", {"dim": 1}, (SMALL, Filled((2, 5, 3), "int64", 3)), lambda x, index: x.gather(1, index)),
    Case("gather", {"dim": -1}, (SMALL, Filled((1, 3, 2), "int64", 4)), lambda x, index: x.gather(-1, index)),
    Case("gather", {"dim": 0}, (IDS, Filled((4, 2), "int64", 2)), lambda x, index: x.gather(0, index), saves=False),
    Case("take", {"index": [2, 0, 2], "dim": 1}, (SMALL,), lambda x: x.index_select(1, torch.tensor([2, 0, 2]))),
    Case("take", {"index": [1]}, (IDS,), lambda x: x.index_select(0, torch.tensor([1])), saves=False),
    Case("take", {"dim": -1}, (SMALL, Filled((6,), "int64", 4)), lambda x, index: x.index_select(-1, index)),
    Case("take", {}, (SMALL, Filled((5,), "int64", 2)), lambda x, index: x.index_select(0, index)),
    Case("take", {"dim": 1}, (SMALL, Filled((2, 2), "int64", 3)), lambda x, index: x[:, index]),
    Case("argmax", {"dim": 1}, (SMALL,), lambda x: x.argmax(1)),
    Case("argmax", {"dim": -1, "keepdim": True}, (IDS,), lambda x: x.argmax(-1, keepdim=True)),
    Case("topk", {"k": 2}, (SMALL,), partial(torch.topk, k=2)),
    Case(
        "topk",
        {"k": 3, "dim": 1, "largest": False},
        ((2, 5, 3),),
        partial(torch.topk, k=3, dim=1, largest=False),
    ),
    Case("tril", {}, (SMALL,), torch.tril),
    Case("tril", {"diagonal": -1}, (Filled((4, 3), "bool"),), partial(torch.tril, diagonal=-1)),
    Case("triu", {"diagonal": 1}, (SMALL,), partial(torch.triu, diagonal=1)),
    Case("triu", {"diagonal": -1}, (Filled((4, 4), "int64", 9),), partial(torch.triu, diagonal=-1)),
)
