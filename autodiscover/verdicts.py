"""What a published record is worth (product 2.5)."""
