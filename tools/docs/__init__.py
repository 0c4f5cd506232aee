"""Writes the pages of docs/ that are made from the code: the events and the list of decisions."""
