"""What may have happened to pictures on their way: nothing; JPEG; JPEG, or scaling down and up again."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate

from amalgan.data.transforms.damage import coded, larger

QUALITIES = (90, 75, 50)
"""Of JPEG."""
SHARES = (0.75, 0.5)
"""Of the sides, to which pictures are scaled down before they are scaled up again."""

Pictures = Float[Tensor, "N C H W"]


def versions(x: Pictures, changed: str) -> dict[str, Pictures]:
    """Pictures in 256 steps as they are, and as what may have happened to them leaves them."""
    found = {"as they are": x}
    if changed != "nothing":
        found |= {f"as JPEG of quality {quality}": coded(x, quality) for quality in QUALITIES}
    if changed == "scaled":
        found |= {f"scaled to {share:.0%}": softened(x, share) for share in SHARES}
    return found


def rounded(x: Pictures) -> Pictures:
    """Pictures within [-1, 1], in 256 steps."""
    return x.clamp(-1, 1).add(1).mul(127.5).round().div(127.5).sub(1)


def softened(x: Pictures, share: float) -> Pictures:
    """Scaled to a share of the sides and up again, bicubic, in 256 steps each time."""
    size = [max(1, round(side * share)) for side in x.shape[2:]]
    small = rounded(interpolate(x.float(), size, mode="bicubic", antialias=True))
    return rounded(larger(small, x.shape[2:]))
