"""From bytes that may be anything to pixels of one layout."""
