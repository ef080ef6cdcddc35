"""Taking over from the live menu what somebody chooses: compared first, then written as one change."""
