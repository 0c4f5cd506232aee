"""The customer portal: where a company's buyers find products, order them and follow their orders."""
