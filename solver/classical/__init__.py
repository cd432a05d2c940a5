"""Classical methods: the linear rule of first-order perturbation, which anchors every policy."""
