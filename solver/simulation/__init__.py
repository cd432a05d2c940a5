"""What happens over time under a policy: paths."""
