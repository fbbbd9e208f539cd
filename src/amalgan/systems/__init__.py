"""The systems: one idea a file. ``registry`` finds them by name; ``docs/adding-a-system.md`` says how to add one."""
