"""A catalog as a spreadsheet: written, read again, planned row by row, and applied whole."""
