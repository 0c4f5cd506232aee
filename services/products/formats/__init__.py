"""What kind of file a product file is, found from its content: XLSX, or CSV of some encoding, separator, decimals."""
