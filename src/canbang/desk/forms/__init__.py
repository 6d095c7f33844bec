"""Forms, beside the views that show them."""
