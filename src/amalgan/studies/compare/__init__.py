"""One data set, one budget, every system: who does what best, as far as the numbers can tell.

CompareOptions ─► planning ─► plan.json ─► cells (one process each: worker) ─► results ─► verdict ─► outputs

rows       a system, perhaps changed         measures   what is measured, and how to add to it
plan       what is fixed before it starts    results    table and corrected comparisons
cells      processes, signals, the lock      verdict    sentences that say no more than the numbers
cell_file  what a cell came to
"""

from amalgan.studies.compare.comparison import Comparison, compare
from amalgan.studies.compare.outputs import reproducible

__all__ = ["Comparison", "compare", "reproducible"]
