"""A reader of graphs of torch.export, for make_real_networks.py."""

from . import arithmetic, layers, maps, models, moves, parts, reductions, values

__all__ = ["arithmetic", "layers", "maps", "models", "moves", "parts", "reductions", "values"]
