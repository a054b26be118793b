"""A run: one agent × one suite at one time, in one folder that can be killed and continued."""
