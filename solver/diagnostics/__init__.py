"""An independent judge of a policy: it imports neither training nor objective."""
