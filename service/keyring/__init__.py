"""The keys that seal and sign: made, used one after another, and done away with, without a restart."""
