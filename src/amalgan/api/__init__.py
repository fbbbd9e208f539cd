"""The Python API: functions that train and compare, the trained model, and its parts as torch modules."""
