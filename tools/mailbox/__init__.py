"""The local mailbox: a page and a JSON list of the mails the platform wrote on this machine."""
