"""Networks that are right, written from papers and public code: no lint of axes may warn of one.

Many of them do on purpose what is a mistake elsewhere: mix positions, normalise steps, read channels last.
"""

from __future__ import annotations

RIGHT: dict[str, str] = {
    "MLP-Mixer, patches transposed": """
input: [N, 3, 224, 224]
blocks:
  mixer:
    layers:
      - add:
          main: [layer_norm, {permute: [0, 2, 1]}, linear: 384, gelu, linear: 196, {permute: [0, 2, 1]}]
          rest: []
      - add: {main: [layer_norm, linear: 2048, gelu, linear: 512], rest: []}
layers:
  - conv: {out_channels: 512, kernel_size: 16, stride: 16}
  - flatten: 2
  - permute: [0, 2, 1]
  - {mixer: , repeat: 8}
  - layer_norm
  - mean: {dim: 1}
  - linear: 1000
""",
    "MLP-Mixer, tokens mixed by a convolution of one position": """
input: [N, 196, 768]
layers:
  - linear: 512
  - {conv: {out_channels: 384, kernel_size: 1}}
  - gelu
  - {conv: {out_channels: 196, kernel_size: 1}}
  - linear: 2048
  - gelu
  - linear: 512
  - mean: {dim: 1}
  - linear: 1000
""",
    "MLP-Mixer, positions of a flat map": """
input: [N, 3, 224, 224]
layers:
  - conv: {out_channels: 512, kernel_size: 16, stride: 16}
  - flatten: 2
  - linear: 256
  - gelu
  - linear: 196
  - mean: {dim: 2}
  - linear: 10
""",
    "Swin, one stage, channels last": """
input: [N, 3, 224, 224]
layers:
  - conv: {out_channels: 96, kernel_size: 4, stride: 4}
  - permute: [0, 2, 3, 1]
  - layer_norm
  - reshape: [0, 8, 7, 8, 7, 96]
  - permute: [0, 1, 3, 2, 4, 5]
  - reshape: [-1, 49, 96]
  - multihead_attention: {num_heads: 3, batch_first: true}
  - reshape: [-1, 8, 8, 7, 7, 96]
  - permute: [0, 1, 3, 2, 4, 5]
  - reshape: [-1, 56, 56, 96]
  - add: {main: [layer_norm, linear: 384, gelu, linear: 96], rest: []}
  - reshape: [-1, 28, 2, 28, 2, 96]
  - permute: [0, 1, 3, 4, 2, 5]
  - flatten: 3
  - layer_norm
  - linear: {out_features: 192, bias: false}
  - permute: [0, 3, 1, 2]
  - global_avg_pool
  - flatten
  - linear: 1000
""",
    "ConvNeXt, channels last inside": """
input: [N, 3, 224, 224]
layers:
  - conv: {out_channels: 96, kernel_size: 4, stride: 4}
  - {permute: [0, 2, 3, 1]}
  - layer_norm
  - {permute: [0, 3, 1, 2]}
  - add:
      main:
        - conv: {out_channels: 96, kernel_size: 7, padding: 3, groups: 96}
        - permute: [0, 2, 3, 1]
        - layer_norm
        - linear: 384
        - gelu
        - linear: 96
        - scale: {dim: -1}
        - permute: [0, 3, 1, 2]
      rest: []
  - global_avg_pool
  - flatten
  - layer_norm
  - linear: 1000
""",
    "ViT": """
input: [N, 3, 224, 224]
layers:
  - conv: {out_channels: 192, kernel_size: 16, stride: 16}
  - flatten: 2
  - permute: [0, 2, 1]
  - class_token
  - positional_encoding: {kind: learned, max_length: 197, batch_first: true}
  - add: {main: [layer_norm, multihead_attention: {num_heads: 3, batch_first: true}], rest: []}
  - add: {main: [layer_norm, linear: 768, gelu, linear: 192], rest: []}
  - select: {dim: 1, index: 0}
  - linear: 10
""",
    "a transformer, time first": """
input: {shape: [T, N], dtype: int64}
layers:
  - embedding: {num_embeddings: 1000, embedding_dim: 64}
  - positional_encoding
  - add: {main: [multihead_attention: 4], rest: []}
  - layer_norm
  - linear: 1000
  - log_softmax
""",
    "PointNet, points last": """
input: [N, 3, P]
layers:
  - conv: {out_channels: 64, kernel_size: 1}
  - batch_norm
  - relu
  - conv: {out_channels: 1024, kernel_size: 1}
  - batch_norm
  - max: {dim: 2}
  - linear: 512
  - batch_norm
  - relu
  - linear: 40
""",
    "PointNet with a matrix of its own": """
inputs: {points: [N, 3, 1024], turn: [N, 3, 3]}
layers:
  - {permute: [0, 2, 1], from: points}
  - {matmul: , from: [permute_0, turn]}
  - permute: [0, 2, 1]
  - conv: {out_channels: 64, kernel_size: 1}
  - global_max_pool: {keepdim: false}
  - linear: 40
""",
    "PointNet of one map": """
input: [N, 1, 1024, 3]
layers:
  - conv: {out_channels: 64, kernel_size: [1, 3]}
  - batch_norm
  - relu
  - conv: {out_channels: 128, kernel_size: 1}
  - global_max_pool
  - flatten
  - linear: 40
""",
    "Conv-TasNet": """
input: [N, 1, T]
blocks:
  tcn:
    parameters: [dilation]
    layers:
      - add:
          main:
            - conv: {out_channels: 512, kernel_size: 1}
            - relu
            - group_norm: 1
            - conv: {out_channels: 512, kernel_size: 3, padding: $dilation, dilation: $dilation, groups: 512}
            - group_norm: 1
            - conv: {out_channels: 128, kernel_size: 1}
          rest: []
layers:
  - {conv: {out_channels: 512, kernel_size: 16, stride: 8}, name: encoder}
  - group_norm: 1
  - conv: {out_channels: 128, kernel_size: 1}
  - tcn: {dilation: 1}
  - tcn: {dilation: 2}
  - tcn: {dilation: 4}
  - conv: {out_channels: 512, kernel_size: 1}
  - {sigmoid: , name: mask}
  - {multiply: , from: [encoder, mask]}
  - conv_transpose: {out_channels: 1, kernel_size: 16, stride: 8}
""",
    "TCN over words": """
input: {shape: [N, T], dtype: int64}
layers:
  - embedding: {num_embeddings: 1000, embedding_dim: 100}
  - permute: [0, 2, 1]
  - conv: {out_channels: 100, kernel_size: 3, padding: [[2, 0]]}
  - relu
  - permute: [0, 2, 1]
  - linear: 1000
""",
    "WaveNet": """
input: {shape: [N, T], dtype: int64}
layers:
  - one_hot: 256
  - permute: [0, 2, 1]
  - conv: {out_channels: 64, kernel_size: 2, padding: [[1, 0]]}
  - multiply:
      filter: [conv: {out_channels: 64, kernel_size: 2, padding: [[2, 0]], dilation: 2}, tanh]
      gate: [conv: {out_channels: 64, kernel_size: 2, padding: [[2, 0]], dilation: 2}, sigmoid]
  - conv: {out_channels: 256, kernel_size: 1}
  - softmax: 1
""",
    "U-Net, segmentation": """
input: [N, 1, 96, 96]
layers:
  - {conv: {out_channels: 8, kernel_size: 3, padding: 1}, name: wide}
  - max_pool: 2
  - conv: {out_channels: 16, kernel_size: 3, padding: 1}
  - {conv_transpose: {out_channels: 8, kernel_size: 2, stride: 2}, name: up}
  - {concat: , from: [wide, up]}
  - conv: {out_channels: 3, kernel_size: 1}
  - softmax: 1
""",
    "DeepSpeech2": """
input: [N, 1, 161, T]
layers:
  - conv: {out_channels: 32, kernel_size: [41, 11], stride: [2, 2], padding: [20, 5]}
  - batch_norm
  - relu
  - conv: {out_channels: 32, kernel_size: [21, 11], stride: [2, 1], padding: [10, 5]}
  - batch_norm
  - relu
  - flatten: {start_dim: 1, end_dim: 2}
  - permute: [2, 0, 1]
  - gru: {hidden_size: 800, bidirectional: true}
  - linear: 29
  - log_softmax
""",
    "CRNN": """
input: [N, 1, 32, 100]
layers:
  - conv: {out_channels: 64, kernel_size: 3, padding: 1}
  - max_pool: 2
  - conv: {out_channels: 128, kernel_size: 3, padding: 1}
  - max_pool: {kernel_size: [16, 1]}
  - squeeze: 2
  - permute: [2, 0, 1]
  - lstm: {hidden_size: 64, bidirectional: true}
  - linear: 37
""",
    "wav2vec 2.0": """
input: [N, T]
layers:
  - unsqueeze: 1
  - conv: {out_channels: 512, kernel_size: 10, stride: 5, bias: false}
  - group_norm: 512
  - gelu
  - conv: {out_channels: 512, kernel_size: 3, stride: 2, bias: false}
  - permute: [0, 2, 1]
  - layer_norm
  - linear: 768
  - add:
      main:
        - permute: [0, 2, 1]
        - conv: {out_channels: 768, kernel_size: 128, padding: [[64, 63]], groups: 16}
        - permute: [0, 2, 1]
      rest: []
  - add: {main: [multihead_attention: {num_heads: 12, batch_first: true}], rest: []}
  - linear: 32
""",
    "Conformer, its subsampling and its convolution": """
input: [N, T, 80]
layers:
  - unsqueeze: 1
  - conv: {out_channels: 144, kernel_size: 3, stride: 2}
  - relu
  - conv: {out_channels: 144, kernel_size: 3, stride: 2}
  - permute: [0, 2, 1, 3]
  - flatten: 2
  - linear: 144
  - permute: [0, 2, 1]
  - conv: {out_channels: 144, kernel_size: 31, padding: 15, groups: 144}
  - batch_norm
  - permute: [0, 2, 1]
  - linear: 1000
""",
    "text CNN with two-dimensional windows": """
input: {shape: [N, 50], dtype: int64}
layers:
  - embedding: {num_embeddings: 1000, embedding_dim: 100}
  - unsqueeze: 1
  - concat:
      three: [conv: {out_channels: 64, kernel_size: [3, 100]}, relu, global_max_pool]
      four: [conv: {out_channels: 64, kernel_size: [4, 100]}, relu, global_max_pool]
  - flatten
  - linear: 2
""",
    "fastText, a mean over words": """
input: {shape: [N, T], dtype: int64}
layers:
  - embedding: {num_embeddings: 1000, embedding_dim: 100}
  - mean: {dim: 1}
  - batch_norm
  - linear: 2
""",
    "batch norm behind an LSTM, turned around it": """
input: [N, T, 64]
layers:
  - lstm: {hidden_size: 128, batch_first: true}
  - permute: [0, 2, 1]
  - batch_norm: {num_features: 128}
  - permute: [0, 2, 1]
  - linear: 5
""",
    "batch norm over the nodes of graphs, as in DiffPool": """
input: [N, 100, 30]
layers:
  - linear: 30
  - batch_norm: {num_features: 100}
  - relu
  - linear: 30
""",
    "TSMixer, steps mixed by a transpose": """
input: [N, 96, 7]
layers:
  - add: {main: [{permute: [0, 2, 1]}, linear: 96, relu, {permute: [0, 2, 1]}], rest: []}
  - linear: 7
  - permute: [0, 2, 1]
  - linear: 24
  - permute: [0, 2, 1]
""",
    "DLinear": """
input: [N, 7, 96]
layers:
  - {avg_pool: {kernel_size: 25, stride: 1, padding: 12}, name: trend}
  - linear: 24
""",
    "a forecast of each channel of a filtered series": """
input: [N, 7, 96]
layers:
  - conv: {out_channels: 7, kernel_size: 3, padding: 1, groups: 7}
  - relu
  - linear: 24
""",
    "N-HiTS, one stack": """
input: [N, 96]
layers:
  - unsqueeze: 1
  - max_pool: 4
  - linear: 256
  - relu
  - linear: 24
  - squeeze: 1
""",
    "sMLP, rows and columns mixed": """
input: [N, 3, 56, 56]
layers:
  - {conv: {out_channels: 32, kernel_size: 1}, name: x}
  - concat:
      columns: [{linear: 56, from: x}]
      rows: [{permute: [0, 1, 3, 2], from: x}, linear: 56, {permute: [0, 1, 3, 2]}]
      same: [{identity: , from: x}]
  - conv: {out_channels: 32, kernel_size: 1}
  - global_avg_pool
  - flatten
  - linear: 10
""",
    "TFC-TDF, frequencies mixed through a bottleneck": """
input: [N, 2, 128, 256]
layers:
  - conv: {out_channels: 24, kernel_size: 3, padding: 1}
  - relu
  - add: {main: [linear: 32, batch_norm, relu, linear: 256, batch_norm, relu], rest: []}
  - conv: {out_channels: 2, kernel_size: 1}
""",
    "squeeze and excitation": """
input: [N, 3, 64, 64]
layers:
  - conv: {out_channels: 32, kernel_size: 3, padding: 1}
  - multiply:
      gate:
        - global_avg_pool
        - conv: {out_channels: 8, kernel_size: 1}
        - relu
        - conv: {out_channels: 32, kernel_size: 1}
        - sigmoid
      map: []
  - global_avg_pool: {keepdim: false}
  - linear: 10
""",
    "squeeze and excitation, flat": """
input: [N, 3, 64, 64]
layers:
  - {conv: {out_channels: 32, kernel_size: 3, padding: 1}, name: map}
  - global_avg_pool: {keepdim: false}
  - linear: 8
  - relu
  - linear: 32
  - sigmoid
  - unsqueeze: -1
  - {unsqueeze: -1, name: gate}
  - {multiply: , from: [map, gate]}
  - conv: {out_channels: 3, kernel_size: 1}
""",
    "ECA, a convolution over channels": """
input: [N, 3, 64, 64]
layers:
  - {conv: {out_channels: 32, kernel_size: 3, padding: 1}, name: map}
  - global_avg_pool
  - squeeze: -1
  - permute: [0, 2, 1]
  - conv: {out_channels: 1, kernel_size: 3, padding: 1, bias: false}
  - permute: [0, 2, 1]
  - unsqueeze: -1
  - {sigmoid: , name: gate}
  - {multiply: , from: [map, gate]}
""",
    "attentive statistics over time, as in ECAPA-TDNN": """
input: [N, 80, T]
layers:
  - {conv: {out_channels: 512, kernel_size: 5, padding: 2}, name: map}
  - conv: {out_channels: 128, kernel_size: 1}
  - tanh
  - conv: {out_channels: 512, kernel_size: 1}
  - {softmax: 2, name: weights}
  - {multiply: , from: [map, weights]}
  - sum: {dim: 2}
  - batch_norm
  - linear: 192
""",
    "start and end of an answer, as in QANet": """
input: [N, 128, T]
layers:
  - conv: {out_channels: 128, kernel_size: 7, padding: 3, groups: 128}
  - conv: {out_channels: 2, kernel_size: 1}
  - softmax: -1
""",
    "a spatial softmax over all positions": """
input: [N, 3, 60, 60]
layers:
  - conv: {out_channels: 16, kernel_size: 5}
  - relu
  - flatten: 2
  - softmax: -1
""",
    "weights of columns that multiply the map": """
input: [N, 3, 60, 60]
layers:
  - {conv: {out_channels: 16, kernel_size: 5}, name: map}
  - {softmax: 3, name: weights}
  - {multiply: , from: [map, weights]}
  - sum: {dim: 3}
  - max: {dim: 2}
  - linear: 10
""",
    "a non-local block": """
input: [N, 8, 14, 14]
layers:
  - {conv: {out_channels: 4, kernel_size: 1}, name: theta}
  - flatten: 2
  - {permute: [0, 2, 1], name: query}
  - {conv: {out_channels: 4, kernel_size: 1}, from: input}
  - {flatten: 2, name: key}
  - {matmul: , from: [query, key]}
  - {softmax: -1, name: weights}
  - {conv: {out_channels: 4, kernel_size: 1}, from: input}
  - flatten: 2
  - {permute: [0, 2, 1], name: value}
  - {matmul: , from: [weights, value]}
  - permute: [0, 2, 1]
""",
    "DCGAN, the generator": """
input: [N, 100, 1, 1]
layers:
  - conv_transpose: {out_channels: 512, kernel_size: 4, bias: false}
  - batch_norm
  - relu
  - conv_transpose: {out_channels: 3, kernel_size: 4, stride: 2, padding: 1}
  - tanh
""",
    "a decoder of deep maps": """
input: [N, 512, 4, 4]
layers:
  - conv: {out_channels: 256, kernel_size: 3, padding: 1}
  - upsample: 2
  - conv: {out_channels: 3, kernel_size: 3, padding: 1}
""",
    "a head on maps of 3 x 3": """
input: [N, 64, 3, 3]
layers:
  - conv: {out_channels: 32, kernel_size: 3, padding: 1}
  - global_avg_pool
  - flatten
  - linear: 10
""",
    "a head on tall maps": """
input: [N, 64, 32, 4]
layers:
  - conv: {out_channels: 32, kernel_size: 3, padding: 1}
  - global_avg_pool
  - flatten
  - linear: 10
""",
    "a spectrogram of four bands": """
input: [N, 1, 64, 4]
layers:
  - conv: {out_channels: 32, kernel_size: 3, padding: 1}
  - flatten
  - linear: 10
""",
    "EEG, electrodes first and windows over time alone": """
input: [N, 22, 1125, 1]
layers:
  - conv: {out_channels: 40, kernel_size: [25, 1]}
  - batch_norm
  - avg_pool: {kernel_size: [75, 1], stride: [15, 1]}
  - flatten
  - linear: 4
""",
    "activity recognition, sensors as channels": """
input: [N, 9, 128]
layers:
  - conv: {out_channels: 64, kernel_size: 5}
  - relu
  - max_pool: 2
  - permute: [0, 2, 1]
  - lstm: {hidden_size: 128, batch_first: true}
  - select: {dim: 1, index: -1}
  - linear: 6
""",
    "a decoder of short series": """
input: [N, 64, 4]
layers:
  - conv: {out_channels: 64, kernel_size: 3, padding: 1}
  - upsample: 2
  - conv_transpose: {out_channels: 1, kernel_size: 4, stride: 2, padding: 1}
""",
    "a DNA sequence, bases as channels": """
input: [N, 4, 1000]
layers:
  - conv: {out_channels: 320, kernel_size: 26}
  - relu
  - max_pool: 13
  - flatten
  - linear: 919
""",
    "a skeleton, coordinates as channels": """
input: [N, 3, 300, 25]
layers:
  - conv: {out_channels: 64, kernel_size: 1}
  - batch_norm
  - conv: {out_channels: 64, kernel_size: [9, 1], padding: [4, 0]}
  - global_avg_pool
  - flatten
  - linear: 60
""",
    "video": """
input: [N, 3, 16, 112, 112]
layers:
  - conv: {out_channels: 64, kernel_size: 3, padding: 1}
  - max_pool: [1, 2, 2]
  - global_avg_pool
  - flatten
  - linear: 400
""",
    "a volume of one channel": """
input: [N, 1, 64, 64, 64]
layers:
  - conv: {out_channels: 16, kernel_size: 3, padding: 1}
  - conv: {out_channels: 2, kernel_size: 1}
  - softmax: 1
""",
    "frames of an Atari game with their batch": """
input: [N, 4, 84, 84]
layers:
  - conv: {out_channels: 32, kernel_size: 8, stride: 4}
  - relu
  - flatten
  - linear: 512
""",
    "four sequences of 128 channels": """
input: [4, 128, 128]
layers:
  - conv: {out_channels: 64, kernel_size: 3}
  - relu
  - global_avg_pool
  - flatten
  - linear: 10
""",
    "a sequence of mel bands": """
input: [1, 80, 3000]
layers:
  - conv: {out_channels: 384, kernel_size: 3, padding: 1}
  - gelu
  - conv: {out_channels: 384, kernel_size: 3, stride: 2, padding: 1}
  - permute: [0, 2, 1]
  - multihead_attention: {num_heads: 6, batch_first: true}
""",
    "a picture whose rows are steps": """
input: [N, 28, 28]
layers:
  - lstm: {hidden_size: 128, batch_first: true}
  - select: {dim: 1, index: -1}
  - linear: 10
""",
    "a picture that is flat at once": """
input: [1, 28, 28]
layers:
  - flatten
  - linear: 128
  - relu
  - linear: 10
""",
    "maxout over pairs of features": """
input: [N, T, 40]
layers:
  - linear: 80
  - max_pool: 2
  - linear: 10
""",
    "an adaptive pool over words, turned": """
input: {shape: [N, T], dtype: int64}
layers:
  - embedding: {num_embeddings: 1000, embedding_dim: 100}
  - permute: [0, 2, 1]
  - adaptive_max_pool: 1
  - squeeze: -1
  - linear: 2
""",
    "features of a row as a signal": """
input: [N, 40]
layers:
  - linear: 64
  - unsqueeze: 1
  - conv: {out_channels: 16, kernel_size: 3, padding: 1}
  - relu
  - flatten
  - linear: 2
""",
    "heads of attention by hand": """
input: [N, T, 64]
layers:
  - {linear: 64, name: q}
  - reshape: [0, -1, 4, 16]
  - {permute: [0, 2, 1, 3], name: heads}
  - {scaled_dot_product_attention: , from: [heads, heads, heads]}
  - permute: [0, 2, 1, 3]
  - flatten: 2
  - linear: 64
""",
    "a picture kept channels last, turned at once": """
input: [N, 224, 224, 3]
layers:
  - permute: [0, 3, 1, 2]
  - conv: {in_channels: 3, out_channels: 64, kernel_size: 7, stride: 2, padding: 3}
  - global_avg_pool
  - flatten
  - linear: 10
""",
    "a classifier of every pixel, channels last": """
input: [N, 3, 32, 32]
layers:
  - conv: {out_channels: 16, kernel_size: 3, padding: 1}
  - permute: [0, 2, 3, 1]
  - linear: 5
  - softmax: -1
""",
    "an autoencoder": """
input: [N, 1, 28, 28]
layers:
  - conv: {out_channels: 16, kernel_size: 3, stride: 2, padding: 1}
  - relu
  - flatten
  - linear: 32
  - linear: 3136
  - reshape: [-1, 16, 14, 14]
  - conv_transpose: {out_channels: 1, kernel_size: 2, stride: 2}
  - sigmoid
""",
}
