"""Which systems do not work on strings, why, and which to train in their place."""

DISCRETE = "no gradient passes through a letter"
REASONS = {
    "gan": f"{DISCRETE}, so a critic of strings cannot teach a generator; fusion plays its game on codes",
    "regularized": f"{DISCRETE}, and its critic looks at strings; fusion plays its game on codes",
    "augmented": f"{DISCRETE}, and its critic looks at strings; fusion plays its game on codes",
    "quantized": "compression of strings needs no whole numbers for a code; train autoencoder",
    "codec": "strings are compressed without loss by any model that decodes them; train autoencoder",
    "restorer": "a restorer mends pictures; train autoencoder with --mask to fill in hidden letters",
}
