"""The examination inside a pytest session; imported only where a suite is found."""
