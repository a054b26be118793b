"""Learned graders: fitted from people's labels, measured by nested cross-validation, stored as plain numbers."""
