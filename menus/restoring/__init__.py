"""Taking one item or one menu of an older version back into the catalog: compared first, then written as one change."""
