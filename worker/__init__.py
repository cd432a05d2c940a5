"""The worker: runs the solver as jobs. Queue contract, job store, artifact store, Celery application and tasks."""
