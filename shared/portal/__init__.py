"""What both portals share: the backend-for-frontend session, sign-in, CSRF, headers, error pages, components, theme."""
