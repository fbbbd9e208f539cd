"""Parts of one job joined into what one run would have written."""
