"""Where examples come from: folders, archives, arrays, tables, Python values; and the labels beside them."""
