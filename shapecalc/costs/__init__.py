"""What a network costs: memory over time, training, decoding."""
