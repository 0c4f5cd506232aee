"""Placing an order: frozen prices, reserved stock, an authorised payment, and the sweeper that ends what was left."""
