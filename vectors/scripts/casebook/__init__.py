"""The cases of the golden vectors, one module for each topic."""
