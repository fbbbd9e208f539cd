"""Every choice a user can make, as frozen dataclasses of plain data.

    fields   JSON, differences and faults of any configuration
    parts    what several systems are made of: optimizer, networks, prior, penalties
    systems  one configuration a system
    words    settings as users write them: critic.r1=0.1
    run      what to train on, for how long, and where to

Attribute docstrings are the ``--help``. Nothing here imports torch, so help and plans answer at once.
"""
