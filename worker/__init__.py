"""The worker: runs the solver as jobs. Queue contract, job store, artifacts, Celery application and tasks."""
