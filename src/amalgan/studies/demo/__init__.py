"""The main job on data that ships inside dependencies."""
