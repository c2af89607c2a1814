"""The parts of text for a terminal: grids, numbers, colours, source snippets, escaping."""
