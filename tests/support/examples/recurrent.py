"""Examples of sequences, indices and reductions; `FURTHER` has the rows with more inputs than one."""

from __future__ import annotations

from tests.support.examples.table import BLOCK, ROW, TABLE, VECTOR, example

SEQUENCE, BATCHED = ("L", "N", "F"), ("N", "L", "F")

RECURRENT = [
    example("rnn", "one layer in one direction", SEQUENCE, hidden_size=3),
    example("rnn", "relu in place of tanh", SEQUENCE, hidden_size=3, nonlinearity="relu"),
    example("rnn", "no biases, the batch first", BATCHED, hidden_size=3, bias=False, batch_first=True),
    example("rnn", "both directions of two layers", SEQUENCE, hidden_size=3, num_layers=2, bidirectional=True),
    example("rnn", "stated features that arrive", ("L", "N", 6), hidden_size=4, input_size=6),
    example("rnn", "dropout between layers does nothing here", SEQUENCE, hidden_size=3, num_layers=2, dropout=0.5),
    example("rnn", "a sequence of one step", (1, "N", "F"), hidden_size=3),
    example("lstm", "one layer in one direction", SEQUENCE, hidden_size=3),
    example("lstm", "a state of one number", SEQUENCE, hidden_size=1),
    example("lstm", "no biases, the batch first", BATCHED, hidden_size=3, bias=False, batch_first=True),
    example("lstm", "a projected state, read by the next layer", SEQUENCE, hidden_size=4, proj_size=2, num_layers=2),
    example("lstm", "both directions projected", SEQUENCE, hidden_size=4, proj_size=3, bidirectional=True),
    example("lstm", "both directions of two layers", SEQUENCE, hidden_size=3, num_layers=2, bidirectional=True),
    example("lstm", "five layers", SEQUENCE, hidden_size=3, num_layers=5),
    example(
        "lstm",
        "gates that read the cell, both ways",
        SEQUENCE,
        hidden_size=3,
        num_layers=2,
        bidirectional=True,
        peepholes=True,
    ),
    example(
        "lstm",
        "gates that read the cell, projected",
        BATCHED,
        hidden_size=4,
        proj_size=3,
        batch_first=True,
        bias=False,
        peepholes=True,
    ),
    example("lstm", "stated features that arrive", ("L", "N", 6), hidden_size=4, input_size=6),
    example("lstm", "dropout between layers does nothing here", SEQUENCE, hidden_size=3, num_layers=2, dropout=0.5),
    example("gru", "one layer in one direction", SEQUENCE, hidden_size=3),
    example("gru", "a state of one number", SEQUENCE, hidden_size=1),
    example("gru", "reset before the product", SEQUENCE, hidden_size=3, reset_after=False),
    example(
        "gru",
        "reset before the product, both directions of two layers without biases",
        BATCHED,
        hidden_size=3,
        reset_after=False,
        num_layers=2,
        bidirectional=True,
        bias=False,
        batch_first=True,
    ),
    example("gru", "no biases, the batch first", BATCHED, hidden_size=3, bias=False, batch_first=True),
    example("gru", "both directions of two layers", SEQUENCE, hidden_size=3, num_layers=2, bidirectional=True),
    example("gru", "stated features that arrive", ("L", "N", 6), hidden_size=4, input_size=6),
    example("gru", "dropout between layers does nothing here", SEQUENCE, hidden_size=3, num_layers=2, dropout=0.5),
]

EMBEDDING = [
    example("embedding", "sentences of words", ("N", "L"), num_embeddings=31, embedding_dim=6),
    example("embedding", "a row for padding is a row", ("N", "L"), num_embeddings=31, embedding_dim=6, padding_idx=0),
    example("embedding", "one sentence", ("L",), num_embeddings=4, embedding_dim=1, padding_idx=-1),
    example("embedding", "rows within a norm", ("N", "L"), num_embeddings=31, embedding_dim=6, max_norm=1000.0),
    example("embedding_bag", "the mean of each bag", ("N", "L"), num_embeddings=31, embedding_dim=6),
    example("embedding_bag", "the maximum", ("N", "L"), num_embeddings=31, embedding_dim=6, mode="max"),
    example(
        "embedding_bag", "a sum with weights", ("N", "L"), ("N", "L"), num_embeddings=31, embedding_dim=6, mode="sum"
    ),
    example("one_hot", "sentences of characters", ("N", "L"), num_classes=31),
    example("one_hot", "one class", ("N",), num_classes=1),
]

SELECTING = [
    example("select", "the last step", SEQUENCE, dim=0, index=-1),
    example("select", "one cell along the last axis", ROW, dim=-1, index=1),
    example("select", "one number of a vector", VECTOR, dim=0, index=4),
]

FURTHER = [
    example("rnn", "a state given", SEQUENCE, (1, "N", 4), hidden_size=4),
    example(
        "gru", "states given to both directions", SEQUENCE, (6, "N", 4), hidden_size=4, num_layers=3, bidirectional=True
    ),
    example(
        "lstm",
        "states given, which never have the batch first",
        BATCHED,
        (1, "N", 4),
        (1, "N", 4),
        hidden_size=4,
        batch_first=True,
    ),
    example(
        "lstm",
        "a hidden state given as wide as the projection",
        SEQUENCE,
        (1, "N", 3),
        (1, "N", 4),
        hidden_size=4,
        proj_size=3,
    ),
    example("cosine_similarity", "the axis unless stated", TABLE, TABLE),
    example("cosine_similarity", "along channels, lengths below eps", BLOCK, BLOCK, dim=-4, eps=2.0),
    example("cosine_similarity", "two vectors", VECTOR, VECTOR, dim=0),
]
