"""A model in one page: an HTML file that holds the model and its run time, and needs no server."""
