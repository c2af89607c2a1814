"""Networks that are swept."""

from __future__ import annotations

NET = """\
name: net
parameters: {width: 8, depth: 1, activation: relu}
input: [N, 3, H, W]
sizes: {W: 16}
blocks:
  stage:
    parameters: [channels, stride: 1]
    layers:
      - conv: {out_channels: $channels, kernel_size: 3, stride: $stride, padding: 1}
      - $activation
layers:
  - {stage: $width, repeat: $depth}
  - stage: {channels: "${2 * width}", stride: 2}
  - max_pool: 3
  - flatten
  - linear: 10
"""


OPEN = """\
input: [N, 1, H]
layers:
  - upsample: {scale_factor: 1.1}
  - conv: {out_channels: 2, kernel_size: 3}
"""
