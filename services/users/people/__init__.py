"""People, their roles, and who is signed in."""
