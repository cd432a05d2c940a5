"""Decision rules, from states to controls: the families, the frame they work in, and the policy that is kept."""
