"""The pytest face of chatparity."""
