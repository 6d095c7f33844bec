"""Machine labels: the protocol, the embedded labeller, and the code that trains it."""
