"""The report of one model: what it is, what it can do, how well, and what to watch out for.

model, data ─► exhibits, sentences ─► report ─► report.html, report.json
"""
