"""Access tokens that end before they expire: of ended sessions, disabled people and changed roles."""
