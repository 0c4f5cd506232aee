"""Contracts between services: a fake in tests and the real client on the real provider behave the same."""
