"""Pictures of a solution: each collects its numbers with NumPy, and draws them with matplotlib."""
