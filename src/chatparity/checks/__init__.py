"""Checks: what rule graders are made of. Each is pure, needs no model, and says what it cannot see."""
