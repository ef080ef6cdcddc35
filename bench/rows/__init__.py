"""The rows: each module measures one and gives back its table."""
