"""The admin portal: where the merchant's staff keep products, stock, companies and orders."""
