"""Stock levels: one document per SKU and warehouse, changed by guarded updates."""
