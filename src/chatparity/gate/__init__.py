"""Gates: verdicts with their strength, from score rows."""
