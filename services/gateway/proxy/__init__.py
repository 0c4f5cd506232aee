"""The hot path: a WSGI shortcut before Flask that matches, authenticates, limits and forwards."""
