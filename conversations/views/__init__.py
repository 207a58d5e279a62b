"""What people see: data in, text and buttons out."""
