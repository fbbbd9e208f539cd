"""What every room stands on: errors, types, files, randomness. Nothing here knows a network or a picture."""
