"""``python -m amalgan``, for launchers that start modules: torchrun --nproc-per-node 2 -m amalgan train ..."""

import os
import sys

if sys.path[:1] and sys.path[0] in ("", os.getcwd()):  # python -m puts it there, and it may hold a torch.py
    del sys.path[0]

from amalgan.cli import main

sys.exit(main())
