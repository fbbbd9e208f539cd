"""``python -m amalgan``: the command line without its script."""

from amalgan.cli import main

if __name__ == "__main__":
    main()
