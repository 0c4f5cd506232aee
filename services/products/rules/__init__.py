"""Rules of the products service: plain data in and out."""
