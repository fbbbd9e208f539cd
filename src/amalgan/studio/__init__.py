"""A local web application: the runs, models and pictures of a folder, and what needs a machine, in a browser.

    browser ─► access (Host, Origin, token, size, time) ─► routes ─► places (below the root, by id)
                                                              ├─► runs, logs ─► watching: what a run writes, as events
                                                              └─► jobs ─► amalgan COMMAND, in a process of its own

The server computes nothing and imports no torch: all work is done by processes that its end does not end.
"""
