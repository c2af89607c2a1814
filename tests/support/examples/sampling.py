"""Examples of sampling at stated positions, and of further modes of upsample."""

from __future__ import annotations

from tests.support.examples.table import BLOCK, MAP, ROW, example

PLANE, GRID = (4, "C", "H", "W"), (4, "L", "F", 2)
GRIDS = (2, "L", "F", 4, 3)
SAMPLING = [
    example("grid_sample", "interpolated, zeros outside", PLANE, GRID),
    example(
        "grid_sample", "ends at the centres, edges outside", PLANE, GRID, align_corners=True, padding_mode="border"
    ),
    example("grid_sample", "the nearest element", PLANE, GRID, mode="nearest"),
    example("grid_sample", "over three axes", (2, "C", "D", "H", "W"), GRIDS),
    example("grid_sample", "mirrored outside", PLANE, GRID, padding_mode="reflection"),
    example("grid_sample", "cubic, mirrored", PLANE, GRID, mode="bicubic", padding_mode="reflection"),
    example("grid_sample", "cubic, zeros outside", PLANE, GRID, mode="bicubic", align_corners=True),
    example("affine_grid", "a plane", (4, 2, 3), size=(5, 7)),
    example("affine_grid", "a block, ends at the centres", ("N", 3, 4), size=(2, 1, 5), align_corners=True),
    example("upsample", "cubic", MAP, scale_factor=2, mode="bicubic"),
    example("upsample", "cubic, smaller, the corners kept", MAP, size=(5, 3), mode="bicubic", align_corners=True),
    example("upsample", "the element nearest to each centre", ROW, scale_factor=1.5, mode="nearest-exact"),
    example("upsample", "means of windows", MAP, size=(3, 4), mode="area"),
    example("upsample", "means over a block", BLOCK, size=(2, 3, 4), mode="area"),
    example("upsample", "smaller, of all elements below", MAP, size=(3, 4), mode="bilinear", antialias=True),
    example("upsample", "larger, with antialias", MAP, size=(29, 23), mode="bicubic", antialias=True),
    example("upsample", "one row of corners", MAP, size=(1, 5), mode="bicubic", antialias=True, align_corners=True),
    example("upsample", "by factors", MAP, scale_factor=(0.375, 1.5), mode="bicubic", antialias=True),
]
