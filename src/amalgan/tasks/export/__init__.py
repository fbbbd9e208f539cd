"""A model for other programs: each of its abilities as a graph that runs without amalgan."""
