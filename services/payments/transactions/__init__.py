"""What a transaction is: an authorisation, capture, refund or void inside a payment."""
