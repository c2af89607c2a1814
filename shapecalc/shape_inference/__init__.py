"""Shapes and counts of every layer of an architecture."""
