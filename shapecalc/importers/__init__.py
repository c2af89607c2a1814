"""Networks that people have, in files of other tools, → an architecture file's text, with the tensors next to it.

A reader of a format turns each of its operators into steps of a graph; rewriting recognises what several steps are
together; folding finds the blocks; writing gives the text, which the parser reads like any other file.
"""
