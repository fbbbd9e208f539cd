"""What is mended, and how near fillings of large holes come."""

from __future__ import annotations

from tables.markdown import stored, table

MENDED = {
    "denoise": ("noise, standard deviation {}", "none"),
    "dejpeg": ("JPEG, quality {}", "as decoded"),
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
        "damage",
        "PSNR before, dB",
        "PSNR restored, dB",
        "smallest gain of an image, dB",
        "megapixels per CPU-second",
    ]
    return table(head, rows)


def beside() -> str:
    """BM3D on the same noisy pictures."""
    said = [
        f"{row['psnr']:.2f} dB at deviation {sigma} ({row['n']} images, "
        f"{row['cpu_seconds'] / row['n']:.1f} CPU-seconds each)"
        for sigma, row in sorted(stored("bm3d").items())
    ]
    return f"BM3D run here on the same noisy images, given the noise level: {', '.join(said)}.\n"


def holes() -> str:
    """A row a way of filling."""
    rows = stored("holes")["rows"]
    ways = {
        "mean": "the mean of the known pixels",
        "decode": "the decoded image of that",
        "project": "search: the decoded image that matches best",
        "best_of_four": "the closest of four fillings",
    }
    return table(
        ["hole filled by", "PSNR in the hole, dB"], [[said, f"{rows[way]:.2f}"] for way, said in ways.items()]
    )


TABLES = {
    "mended": mended,
    "beside": beside,
    "holes": holes,
}
