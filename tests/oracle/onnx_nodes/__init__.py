"""The groups of ONNX's operators, and the tables of the page about them."""
