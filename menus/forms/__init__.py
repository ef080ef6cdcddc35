"""What people type about the menu, read as they mean it."""
