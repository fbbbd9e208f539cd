"""What a browser may ask for, a file a view: requests in, JSON or files out."""
