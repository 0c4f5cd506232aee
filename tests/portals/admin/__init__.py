"""The admin portal's pages."""
