"""grid_sample, affine_grid, and the modes of torch.nn.functional.interpolate."""

from __future__ import annotations

from typing import Any

from torch.nn import functional

from torch_cases import Case, Filled


def sample(x: tuple[int, ...], grid: tuple[int, ...], **fields: Any) -> Case:
    given = {"align_corners": False, **fields}
    return Case("grid_sample", fields, (x, grid), lambda x, grid: functional.grid_sample(x, grid, **given))


def aside(x: tuple[int, ...], grid: tuple[int, ...], **fields: Any) -> Case:
    """Positions on one side of the map only."""

    def forward(x: Any, grid: Any) -> Any:
        return functional.grid_sample(x, grid, align_corners=False, **fields)

    return Case("grid_sample", fields, (x, Filled(grid, positive=True)), forward)


def far_outside(x: tuple[int, ...], grid: tuple[int, ...], **fields: Any) -> Case:
    """Positions up to five times as far from the centre as the ends of the map."""

    def forward(x: Any, grid: Any) -> Any:
        return functional.grid_sample(x, grid, **fields)

    return Case("grid_sample", fields, (x, Filled(grid, scale=5)), forward)


def affine(a: tuple[int, ...], size: list[int], **fields: Any) -> Case:
    given = {"align_corners": False, **fields}
    return Case(
        "affine_grid", {"size": size, **fields}, (a,), lambda a: functional.affine_grid(a, [len(a), 1, *size], **given)
    )


def resized(x: tuple[int, ...], **fields: Any) -> Case:
    return Case("upsample", fields, (x,), lambda x: functional.interpolate(x, **fields))


MAP = (2, 3, 5, 7)
CASES = [
    *(
        sample(MAP, (2, 4, 3, 2), mode=mode, padding_mode=padding, align_corners=corners)
        for mode in ("bilinear", "nearest")
        for padding in ("zeros", "border")
        for corners in (False, True)
    ),
    sample((2, 3, 4, 5, 3), (2, 2, 3, 1, 3)),
    sample((2, 3, 4, 5, 3), (2, 2, 3, 1, 3), mode="nearest", padding_mode="border"),
    *(
        sample(MAP, (2, 4, 3, 2), mode=mode, padding_mode=padding, align_corners=corners)
        for mode, padding in (
            ("bilinear", "reflection"),
            ("nearest", "reflection"),
            ("bicubic", "zeros"),
            ("bicubic", "border"),
            ("bicubic", "reflection"),
        )
        for corners in (False, True)
    ),
    sample((2, 3, 4, 5, 3), (2, 2, 3, 1, 3), padding_mode="reflection"),
    sample((2, 3, 1, 2), (2, 4, 3, 2), padding_mode="reflection", align_corners=True),
    sample((2, 3, 1, 2), (2, 4, 3, 2), mode="bicubic", padding_mode="reflection", align_corners=True),
    aside((2, 3, 5, 4), (2, 4, 3, 2), mode="bilinear", padding_mode="reflection"),
    aside((2, 3, 5, 4), (2, 4, 3, 2), mode="bicubic", padding_mode="reflection"),
    *(
        far_outside(MAP, (2, 4, 3, 2), mode=mode, padding_mode=padding, align_corners=corners)
        for mode in ("bilinear", "bicubic")
        for padding in ("border", "reflection")
        for corners in (False, True)
    ),
    affine((2, 2, 3), [4, 5]),
    affine((2, 2, 3), [4, 5], align_corners=True),
    affine((2, 3, 4), [2, 3, 4]),
    *(
        resized(MAP, mode="bicubic", align_corners=corners, **size)
        for corners in (False, True)
        for size in ({"scale_factor": 2.0}, {"size": [8, 3]}, {"size": [5, 7]})
    ),
    resized(MAP, mode="bicubic", scale_factor=[1.1, 2.0]),
    resized((1, 2, 1, 3), mode="bicubic", size=[1, 7]),
    resized(MAP, mode="nearest-exact", size=[8, 3]),
    resized(MAP, mode="nearest-exact", scale_factor=1.5),
    resized((2, 3, 7), mode="nearest-exact", scale_factor=2.0),
    resized(MAP, mode="area", size=[3, 4]),
    resized(MAP, mode="area", size=[1, 1]),
    resized((2, 3, 7), mode="area", scale_factor=0.5),
    resized((1, 2, 3, 5, 4), mode="area", size=[2, 2, 3]),
    *(
        resized(MAP, mode=mode, antialias=True, align_corners=corners, **size)
        for mode in ("bilinear", "bicubic")
        for corners in (False, True)
        for size in ({"size": [2, 3]}, {"size": [9, 4]}, {"size": [1, 7]})
    ),
    *(
        resized((2, 1, 13, 31), mode=mode, antialias=True, scale_factor=scale)
        for mode in ("bilinear", "bicubic")
        for scale in (0.3, [0.6, 1.04], [2.0, 0.1])
    ),
]
