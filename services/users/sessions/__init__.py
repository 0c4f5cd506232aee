"""Sessions: sign-in, refresh, sign-out, and acting for a company."""
