"""A city to try Loket on; shares no code with the rooms' actions."""
