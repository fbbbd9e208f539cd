"""How near the networks come to what this machine can do: GFLOP/s of training on one thread, layer by layer.

    python benchmarks/conv_peak.py [--seconds 0.3] [--rounds 3] [--no-layers]

    peak      the best of some 3x3 convolutions, forward and backward, channels first and channels last
    network   encoder, decoder, generator, critic (quick, batch 64): forward and backward, as a share of the peak
    layer     each with the inputs it gets there; what falls below half the peak is marked

Only multiplications that matter are counted: taps on padding are left out, since a good kernel does (at 7x7 that is
18 % of them), and so is the slope of an input that needs none. One FLOP is a multiplication or an addition. The sides
of a network are run in turn: channels first (``nchw``), channels last (``nhwc``), and bfloat16 autocast with channels
last where the processor multiplies it. Median of the rounds. Writes benchmarks/results/conv_peak.json.
"""

from __future__ import annotations

import argparse
import copy
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from amalgan import networks
from amalgan.config.code import natural_code_size
from amalgan.config.parts import Networks
from amalgan.config.systems import GanConfig
from amalgan.core.types import DataSpec
from amalgan.networks.conv import ConvDecoder

RESULTS = Path(__file__).parent / "results"
BATCH = 64
SHAPES = ((1, 28, 28), (3, 32, 32))
PEAK = ((64, 28), (64, 14), (128, 14), (256, 14), (128, 8), (256, 8))
"""Channels in and out, and side, of the convolutions that the peak is looked for among."""
LAST = torch.channels_last
WHOLE = "the whole network"
Shape = tuple[int, int, int]


def main() -> None:
    """Measure, print, write."""
    asked = parsed()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    peaks = {f"{width}x{side}x{side} {order}": rate for width, side, order, rate in peak(asked)}
    best = max(peaks.values())
    print(f"peak {best:.0f} GFLOP/s, of " + ", ".join(f"{key} {rate:.0f}" for key, rate in peaks.items()))
    rows = [row for shape in SHAPES for row in network_rows(asked, shape, best)]
    layers = [] if asked.no_layers else [row for name in ROLES for row in layer_rows(asked, name, best)]
    facts = {"peak_gflops": best, "convolutions": peaks, "networks": rows, "layers": layers}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "conv_peak.json").write_text(json.dumps(facts, indent=2) + "\n")


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=0.3, help="CPU-seconds of a side in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-layers", action="store_true", help="networks alone")
    return parser.parse_args()


def peak(asked: argparse.Namespace) -> list[tuple[int, int, str, float]]:
    """(channels, side, order, GFLOP/s) of plain 3x3 convolutions."""
    found = []
    for width, side in PEAK:
        for order in ("nchw", "nhwc"):
            layer = ordered(nn.Conv2d(width, width, 3, padding=1), order)
            x = ordered(torch.randn(BATCH, width, side, side), order).requires_grad_(True)
            seconds = in_turn({order: training(layer, x)}, asked)[order]
            found.append((width, side, order, useful(layer, x) / seconds / 1e9))
    return found


def spec_of(shape: Shape) -> DataSpec:
    """Pictures of ten classes."""
    return DataSpec(kind="image", shape=shape, classes=tuple("0123456789"))


def encoder(spec: DataSpec) -> tuple[nn.Module, Tensor]:
    """With pictures, which need no slope."""
    return networks.encoder(Networks(), spec, natural_code_size(spec)), torch.randn(BATCH, *spec.shape)


def decoder(spec: DataSpec) -> tuple[nn.Module, Tensor]:
    """With codes that an encoder made."""
    size = natural_code_size(spec)
    return networks.decoder(Networks(), spec, size), torch.randn(BATCH, size, requires_grad=True)


def generator(spec: DataSpec) -> tuple[nn.Module, Tensor]:
    """With noise and classes, as the gan has it."""
    size = GanConfig().noise_size + len(spec.classes)
    return networks.decoder(Networks(), spec, size), torch.randn(BATCH, size)


def critic(spec: DataSpec) -> tuple[nn.Module, Tensor]:
    """With pictures."""
    return networks.critic(Networks(), spec), torch.randn(BATCH, *spec.shape)


ROLES: dict[str, Callable[[DataSpec], tuple[nn.Module, Tensor]]] = {
    "encoder": encoder,
    "decoder": decoder,
    "generator": generator,
    "critic": critic,
}


def network_rows(asked: argparse.Namespace, shape: Shape, best: float) -> list[dict[str, Any]]:
    """A row a network: FLOPs of a picture, and GFLOP/s of each side."""
    rows = []
    for name, build in ROLES.items():
        net, x = build(spec_of(shape))
        flops = sum(useful(layer, seen) for layer, seen, _ in layers_of(net, x))
        seconds = in_turn(sides_of(net, x), asked)
        rates = {side: flops / took / 1e9 for side, took in seconds.items()}
        rows.append({"network": name, "shape": shape, "mflop_an_image": flops / BATCH / 1e6, "gflops": rates})
        told = ", ".join(f"{side} {rate:.0f} ({rate / best:.0%})" for side, rate in rates.items())
        print(f"{name} {shape}: {flops / BATCH / 1e6:.1f} MFLOP an image; GFLOP/s {told}", flush=True)
    return rows


def sides_of(net: nn.Module, x: Tensor) -> dict[str, Callable[[], None]]:
    """The ways to run a network that are compared."""
    last, y = ordered(clone(net), "nhwc"), ordered(x.detach(), "nhwc").requires_grad_(x.requires_grad)
    sides = {"nchw": training(net, x), "nhwc": training(last, y)}
    if torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported():
        sides["nhwc bfloat16"] = training(last, y, bfloat16=True)
    return sides


def layer_rows(asked: argparse.Namespace, name: str, best: float) -> list[dict[str, Any]]:
    """A row a layer of one network at 28x28, and one for what is no layer; the network and its layers in turn."""
    net, x = ROLES[name](spec_of(SHAPES[0]))
    layers = layers_of(net, x)
    sides = {WHOLE: training(net, x)} | {path: training(layer, seen) for layer, seen, path in layers}
    took = in_turn(sides, asked)
    whole = took.pop(WHOLE)
    rows = [
        layer_row(name, path, took[path], useful(layer, seen) / took[path] / 1e9, took[path] / whole)
        for layer, seen, path in layers
    ]
    rest = whole - sum(took.values())
    rows.append(layer_row(name, "rectifiers, sums, copies", rest, 0.0, rest / whole))
    for row in rows:
        slow = "  below half" if 0 < row["gflops"] < best / 2 and row["share_of_time"] > 0.01 else ""
        print(
            f"   {name:<10} {row['layer']:<26} {row['milliseconds']:6.2f} ms {row['share_of_time']:4.0%} "
            f"{row['gflops']:5.0f} GFLOP/s {row['gflops'] / best:4.0%}{slow}"
        )
    return rows


def layer_row(network: str, layer: str, seconds: float, gflops: float, share: float) -> dict[str, Any]:
    """What is kept of a layer."""
    found = {"network": network, "layer": layer, "milliseconds": seconds * 1e3}
    return found | {"gflops": gflops, "share_of_time": share}


def ordered(what: Any, order: str) -> Any:
    """A module or a batch in this order of memory; codes have none."""
    pictures = isinstance(what, nn.Module) or what.ndim == 4
    return what.to(memory_format=LAST) if order == "nhwc" and pictures else what


def clone(net: nn.Module) -> nn.Module:
    """An equal network that takes channels last from its first layer on."""
    twin = copy.deepcopy(net)
    if isinstance(twin, ConvDecoder):  # a decoder: its pictures begin after the first, dense layer
        twin.blocks[0][0].register_forward_pre_hook(
            lambda _, seen: (seen[0].contiguous(memory_format=LAST), *seen[1:])
        )
    return twin


def training(net: nn.Module, x: Tensor, *, bfloat16: bool = False) -> Callable[[], None]:
    """One forward and backward pass."""
    parameters = list(net.parameters())

    def once() -> None:
        x.grad = None
        for parameter in parameters:
            parameter.grad = None
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            made = net(x)
        made.backward(torch.ones_like(made))

    return once


def in_turn(sides: dict[str, Callable[[], None]], asked: argparse.Namespace) -> dict[str, float]:
    """CPU-seconds of one call of each side: the median of the rounds."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    for side in sides.values():
        side(), side()
    for _ in range(asked.rounds):
        for name, side in sides.items():
            started_at, calls = time.process_time(), 0
            while time.process_time() - started_at < asked.seconds:
                side()
                calls += 1
            found[name].append((time.process_time() - started_at) / calls)
    return {name: statistics.median(took) for name, took in found.items()}


def layers_of(net: nn.Module, x: Tensor) -> list[tuple[nn.Module, Tensor, str]]:
    """Every layer with weights, the input that it gets, and its name."""
    found: list[tuple[nn.Module, Tensor, str]] = []

    def keep(path: str) -> Callable[..., None]:
        def hook(layer: nn.Module, seen: tuple[Tensor, ...], made: Tensor) -> None:
            found.append((layer, seen[0].detach().clone().requires_grad_(seen[0].requires_grad), path))

        return hook

    kinds = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
    hooks = [m.register_forward_hook(keep(path)) for path, m in net.named_modules() if isinstance(m, kinds)]
    net(x)
    for hook in hooks:
        hook.remove()
    return found


def useful(layer: nn.Module, x: Tensor) -> float:
    """FLOPs of a forward and backward pass of ``layer`` on ``x`` without those on padding."""
    passes = 3 if x.requires_grad else 2
    if isinstance(layer, nn.Linear):
        return 2.0 * len(x) * layer.in_features * layer.out_features * passes
    assert isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)
    made = layer(x).shape[-2:]
    fine, coarse = (made, x.shape[-2:]) if isinstance(layer, nn.ConvTranspose2d) else (x.shape[-2:], made)
    touched = [
        taps(fine[at], coarse[at], layer.kernel_size[at], layer.stride[at], int(layer.padding[at]))
        for at in (0, 1)
    ]
    return 2.0 * len(x) * layer.in_channels * layer.out_channels * touched[0] * touched[1] * passes


def taps(fine: int, coarse: int, kernel: int, stride: int, padding: int) -> int:
    """How many pairs of a coarse position and a tap lie on the fine side, along one axis."""
    return sum(0 <= at * stride - padding + tap < fine for at in range(coarse) for tap in range(kernel))


if __name__ == "__main__":
    main()
