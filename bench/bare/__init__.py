"""The limit: a Django project that checks a signature and inserts one row, and has nothing else."""
