"""Counts: setting the units on hand, of one SKU or of many, and noting what is not stocked any more."""
