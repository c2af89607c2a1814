"""Windows as columns and back, and windows along one axis."""

from functools import partial

from torch.nn.functional import fold, unfold

from torch_cases import Case, Filled


def unfolded(x, **fields):
    return Case("unfold", fields, (x,), partial(unfold, **fields))


def folded(x, **fields):
    return Case("fold", fields, (x,), partial(fold, **fields))


CASES = (
    unfolded((2, 3, 5, 7), kernel_size=[2, 3]),
    unfolded((1, 2, 6, 8), kernel_size=3, stride=[2, 1], padding=[1, 0], dilation=[1, 2]),
    unfolded((2, 2, 4, 5), kernel_size=[4, 5]),
    unfolded((1, 1, 3, 4), kernel_size=1, stride=2, padding=1),
    folded((1, 12, 12), output_size=[4, 5], kernel_size=2),
    folded((2, 18, 12), output_size=[6, 8], kernel_size=3, stride=[2, 1], padding=[1, 0], dilation=[1, 2]),
    folded((2, 8, 9), output_size=4, kernel_size=[2, 2], padding=1, stride=2),
    Case("sliding_window", {"size": 3, "step": 2}, ((2, 9),), lambda x: x.unfold(-1, 3, 2)),
    Case("sliding_window", {"size": 2, "dim": 1}, ((2, 5, 3),), lambda x: x.unfold(1, 2, 1)),
    Case("sliding_window", {"size": 4, "dim": 0}, (Filled((6, 2), "int64", 9),), lambda x: x.unfold(0, 4, 1)),
)
