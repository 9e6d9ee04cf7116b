"""Functions' variables: of one function, of all, and of one environment against another."""
