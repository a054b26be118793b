"""`python -m chatparity` is the same as the `chatparity` command."""

from chatparity.cli import main

if __name__ == "__main__":
    main()
