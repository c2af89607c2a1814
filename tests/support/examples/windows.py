"""Examples of convolutions and recurrent layers in further forms."""

from __future__ import annotations

from tests.support.examples.cells import CELLS
from tests.support.examples.conv_lstm import CONV_LSTM
from tests.support.examples.deformable import DEFORMABLE
from tests.support.examples.power_pooling import POWER_POOLING
from tests.support.examples.sampling import SAMPLING
from tests.support.examples.separable import SEPARABLE
from tests.support.examples.unpooling import UNPOOLING
from tests.support.examples.weights import WEIGHTS

WINDOWS = [*WEIGHTS, *SEPARABLE, *CONV_LSTM, *CELLS, *SAMPLING, *UNPOOLING, *POWER_POOLING, *DEFORMABLE]
