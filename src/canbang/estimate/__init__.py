"""From counts to a share with an interval and an exact verdict. Takes counts and arrays only."""
