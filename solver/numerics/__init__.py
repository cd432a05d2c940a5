"""Mathematics that has never heard of economics."""
