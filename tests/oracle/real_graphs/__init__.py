"""A reader of graphs of torch.export, for make_real_networks.py."""

from . import arithmetic, layers, models, moves, values

__all__ = ["arithmetic", "layers", "models", "moves", "values"]
