"""Reports: one self-contained HTML page of a comparison, or of one model.

report.json of a comparison, its runs' shown.npz ─► comparison ─┐
                                                               ├─► page ─► HTML: no script, no request
model, data ─► exhibits, prose ─► one ─────────────────────────┘

page       the one template engine: every text is escaped, control characters are written out
numbers    numbers as people read them          faces      one color, shape and dash a system
scales     axes and their ticks                 plots      curves and points as SVG
pictures   sheets of examples as PNG            figures    what a comparison draws
shown      what runs left for the page          tables     means, intervals, and who is best
"""

from amalgan.studies.report.comparison import comparison_page

__all__ = ["comparison_page"]
