"""The public contract's models. They import the standard library and pydantic alone."""
