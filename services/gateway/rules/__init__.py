"""What the gateway forwards, and how the services' descriptions are merged: plain data in and out."""
