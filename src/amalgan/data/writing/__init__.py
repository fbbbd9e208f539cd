"""Examples out: pictures, grids, films, arrays, tables, each with its provenance."""
