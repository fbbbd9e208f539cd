"""Which examples a model made: its watermark, and the traces that it leaves without one."""
