"""The public functions: each takes an architecture, a path or a name of the zoo, and sizes as keyword arguments."""

from shapecalc.api.presenter import Tables
from shapecalc.diagnostics.presentation import register

register(Tables())
