"""The discrete Fourier transform over one or several axes, of real and of complex numbers."""

import torch

from torch_cases import Case


def parts(transform):
    def forward(real, imaginary=None):
        x = real if imaginary is None else torch.complex(real, imaginary)
        y = transform(x)
        return torch.view_as_real(y.resolve_conj()).unbind(-1)

    return forward


SMALL = (2, 5, 6)

CASES = (
    Case("fft", {"dim": -1}, (SMALL,), parts(torch.fft.fft)),
    Case(
        "fft",
        {"dim": 1, "norm": "ortho"},
        (SMALL,),
        parts(lambda x: torch.fft.fft(x, dim=1, norm="ortho")),
    ),
    Case("fft", {"dim": [1, 2]}, (SMALL,), parts(lambda x: torch.fft.fftn(x, dim=(1, 2)))),
    Case(
        "fft",
        {"dim": [-1, 0], "norm": "forward"},
        (SMALL, SMALL),
        parts(lambda x: torch.fft.fftn(x, dim=(-1, 0), norm="forward")),
        saves=False,
    ),
    Case("fft", {"dim": 2, "inverse": True}, (SMALL, SMALL), parts(torch.fft.ifft), saves=False),
    Case("fft", {"dim": [0, 1, 2], "inverse": True}, (SMALL,), parts(torch.fft.ifftn), saves=False),
    Case(
        "fft",
        {"dim": 2, "inverse": True, "norm": "forward"},
        (SMALL,),
        parts(lambda x: torch.fft.ifft(x, norm="forward")),
        saves=False,
    ),
)
