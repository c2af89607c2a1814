"""What is drawn on a terminal: grids, numbers, colours, source snippets, escaping."""
