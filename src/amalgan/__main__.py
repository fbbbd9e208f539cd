"""``python -m amalgan``, for launchers that start modules: torchrun --nproc-per-node 2 -m amalgan train ..."""

import sys

from amalgan.cli import main

sys.exit(main())
