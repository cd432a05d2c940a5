"""The solver: mathematics only. It knows neither HTTP nor queues, environment variables nor the screen."""
