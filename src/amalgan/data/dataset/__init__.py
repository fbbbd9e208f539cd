"""The decoded data set: its store on disk, its splits, views of it, and batches."""
