"""Users: companies, people, roles, sessions and the keys that sign every token."""
