"""Equations of one, two and three inputs."""

from functools import partial

import torch

from torch_cases import Case


def case(equation, *shapes):
    return Case("einsum", {"equation": equation}, shapes, partial(torch.einsum, equation), counts=True)


CASES = (
    case("ij->ji", (2, 3)),
    case("ii->i", (3, 3)),
    case("bii->b", (2, 3, 3)),
    case("ijk->ik", (2, 3, 4)),
    case("ijk->", (2, 3, 4)),
    case("ba", (2, 3)),
    case("...ij->...ji", (5, 2, 3)),
    case("ij,jk->ik", (2, 3), (3, 4)),
    case("ij,jk", (2, 3), (3, 4)),
    case("ij,kj->ik", (2, 3), (4, 3)),
    case("ij,kj->ki", (2, 3), (4, 3)),
    case("bhid,bhjd->bhij", (2, 3, 4, 5), (2, 3, 6, 5)),
    case("bhij,bhjd->bihd", (2, 3, 4, 6), (2, 3, 6, 5)),
    case("bihd,bjhd->bhij", (2, 4, 3, 5), (2, 6, 3, 5)),
    case("nhwc,hkc->nhwk", (2, 3, 4, 5), (3, 6, 5)),
    case("bqhd,hde->bqe", (2, 4, 3, 5), (3, 5, 6)),
    case("i,j->ij", (2,), (3,)),
    case("bi,bi->bi", (2, 3), (2, 3)),
    case("bi,bi->b", (2, 3), (2, 3)),
    case("ij,ij->", (2, 3), (2, 3)),
    case("ijk,kl->jl", (2, 3, 4), (4, 5)),
    case("ij,k->i", (2, 3), (4,)),
    case("...ij,...jk->...ik", (5, 2, 3), (3, 4)),
    case("...ij,...jk->...ik", (5, 1, 2, 3), (6, 3, 4)),
    case("...d,de->...e", (2, 3, 4), (4, 5)),
    case("bd,cd,b->bc", (2, 3), (4, 3), (2,)),
    case("ij,jk,kl->il", (2, 3), (3, 4), (4, 5)),
    case("bi,bj,bk->ijk", (2, 3), (2, 4), (2, 5)),
    case("ij,kj,lj->ikl", (2, 3), (4, 3), (5, 3)),
    case("ia,ja,ka->j", (2, 3), (4, 3), (5, 3)),
    case("iij,jk->ik", (3, 3, 4), (4, 5)),
)
