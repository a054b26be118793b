"""What `chatparity init` lays into a repository: a suite that works at once, and is then the team's own."""
