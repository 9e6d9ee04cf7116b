"""Events as AWS makes them: what each looks like stands in ``data/``, a file for each shape."""
