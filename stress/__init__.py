"""The run that proves what docs/reliability.md promises: ``make stress``, and ``make stress-mutants``.

    one file a promise ─► figure(share, scratch) ─► Figure ─► __main__: the table, benchmarks/results/stress.json
                              ▲ how much of it: 1, or a small part in the tests
    mutants: the same run on copies of the tree from which one safeguard was taken: it must fail each time

Every promise is kept or broken in a process of its own, forked after the imports, so that a crash is a figure too.
What it needs of the tests (small systems, small data, hostile names) it takes from there.
"""
