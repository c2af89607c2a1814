"""Checks and automatic fixes of architecture files."""
