"""Memory does not grow with the number of pictures."""

import json
import subprocess
import sys
import zipfile

from PIL import Image

CODE = """
import json, resource, sys
from amalgan.config.data import DataConfig
from amalgan.data import open_data
dataset = open_data(sys.argv[1], DataConfig(size="32", channels=3))
for _ in range(3):
    dataset.records.pixels(slice(0, 64))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"peak_mib": peak, "read": len(dataset.records)}))
"""


def test_10000_pictures_take_little_more_memory_than_1000(tmp_path, encode, noise):
    pictures = [encode(Image.fromarray(noise(4, 4, 3, seed=row)).resize((32, 32))) for row in range(100)]
    peaks = {}
    for count in (1_000, 10_000):
        path = tmp_path / f"{count}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for row in range(count):
                archive.writestr(f"{row:08d}.png", pictures[row % 100])
        run = subprocess.run(
            [sys.executable, "-c", CODE, str(path)], capture_output=True, text=True, check=True
        )
        found = json.loads(run.stdout)
        assert found["read"] == count
        peaks[count] = found["peak_mib"]
    assert peaks[10_000] - peaks[1_000] < 10  # the decoded pictures alone are 29 MiB
