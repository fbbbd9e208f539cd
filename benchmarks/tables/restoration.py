"""What is mended, and how near fillings of large holes come."""

from __future__ import annotations

from tables.markdown import stored, table

MENDED = {
    "denoise": ("noise, deviation {}", "none"),
    "dejpeg": ("JPEG, quality {}", "the plain decode"),
    "upscale": ("scaled down {} times", "bicubic"),
}


def mended() -> str:
    """A row a flaw and level."""
    found = stored("restore")
    rows = []
    for task, (named, without) in MENDED.items():
        for row in found[task]["rows"]:
            plain, own = f"{row['plain']:.2f} ({without})", f"**{row['psnr']:.2f}**"
            least, speed = f"{row['worst_gain']:+.2f}", f"{row['megapixels_a_second']:.2f}"
            rows.append([named.format(row["level"]), plain, own, least, speed])
    head = [
        "flaw",
        "PSNR without, dB",
        "PSNR mended, dB",
        "least gain of a picture",
        "megapixels a CPU-second",
    ]
    return table(head, rows)


def beside() -> str:
    """BM3D on the same noisy pictures."""
    said = [
        f"{row['psnr']:.2f} dB at deviation {sigma} ({row['n']} pictures, "
        f"{row['cpu_seconds'] / row['n']:.1f} CPU-seconds each)"
        for sigma, row in sorted(stored("bm3d").items())
    ]
    return f"BM3D run here on the same noisy pictures, told the noise: {', '.join(said)}.\n"


def holes() -> str:
    """A row a way of filling."""
    rows = stored("holes")["rows"]
    ways = {
        "mean": "the mean of what is known",
        "decode": "what the model decodes of that",
        "project": "projection: the decode that agrees best",
        "best_of_four": "the nearest of four fillings",
    }
    return table(
        ["hole filled by", "PSNR in the hole, dB"], [[said, f"{rows[way]:.2f}"] for way, said in ways.items()]
    )


TABLES = {
    "mended": mended,
    "beside": beside,
    "holes": holes,
}
