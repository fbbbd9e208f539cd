"""The tables of the docs: one file a subject, each a function from a benchmark's JSON to Markdown."""
