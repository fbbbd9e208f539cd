"""The demo, real input, and what a run does when it is stopped, shared, begun and fed."""

from __future__ import annotations

from tables.markdown import number, stored, table

MEASURES = {
    "psnr": "PSNR x', dB",
    "psnr_realistic": "PSNR x'', dB",
    "label_agreement": "label agreement",
    "frechet_distance": "Fréchet distance",
    "frechet_distance_faithful": "of x' from the prior",
    "frechet_floor": "floor",
    "linear_probe": "linear probe",
}


def inputs() -> str:
    """A row an input."""
    rows = []
    for name, done in stored("real_input").items():
        seen, train, metrics = done["inspect"], done["train"], done["evaluate"]["metrics"]
        keys = ("psnr", "squared_error", "frechet_distance", "frechet_floor", "label_agreement")
        numbers = [number(metrics[key]) if key in metrics else "" for key in keys]
        counts = [f"{seen['read']:,}", str(len(seen["skipped"])), f"{train['images']:,}"]
        rows.append([name, *counts, *numbers, str(done["reconstruct"]["exit_code"])])
    head = ["input", "read", "skipped", "images drawn", "PSNR x', dB", "mean squared error"]
    return table([*head, "Fréchet distance", "floor", "label agreement", "exit code"], rows)


def resume() -> str:
    """A row a system."""
    rows = stored("resume_kill")["rows"]
    return table(
        ["system", "SIGKILL after round", "tensors compared", "that differ"],
        [
            [
                row["system"],
                ", ".join(map(str, row["killed_at"])),
                str(row["tensors"]),
                str(row["mismatches"]),
            ]
            for row in rows
        ],
    )


def processes() -> str:
    """A row a system."""
    found = stored("two_processes")
    rows = [[row["system"], f"{row['largest']:.1e}", row["term"]] for row in found["rows"]]
    return table(["system", f"largest difference in {found['rounds']} rounds", "of"], rows)


def first_step() -> str:
    """A row a system."""
    rows = [[row["system"], f"{row['median']:.1f}"] for row in stored("first_step")["rows"]]
    return table(["system", "seconds to the first step"], rows)


def memory() -> str:
    """A row a number of pictures."""
    rows = [
        [f"{row['pictures']:,}", row["state"], f"{row['peak_mib']:.0f}", f"{row['pictures_per_second']:,}"]
        for row in stored("data_memory")["results"]
    ]
    return table(["pictures", "cache", "peak MiB", "pictures a second"], rows)


def demo() -> str:
    """A row a number."""
    found = stored("demo")
    rows = [[title, number(found["numbers"][key])] for key, title in MEASURES.items()]
    rows.append(["the photograph, dB", number(found["numbers"]["photo_psnr"])])
    rows.append(["seconds of training, two cores", number(found["training_seconds"])])
    return table(["measure", "value"], rows)


TABLES = {
    "inputs": inputs,
    "resume": resume,
    "processes": processes,
    "first_step": first_step,
    "memory": memory,
    "demo": demo,
}
