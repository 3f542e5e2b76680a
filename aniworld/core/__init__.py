"""The field's own words and rules. Standard library only; nothing here starts, opens or waits."""
