"""What may pass the gateway, and how the services' descriptions become one: plain data in and out."""
