"""Several runs seen together: what a person would otherwise do by hand, one command at a time."""
