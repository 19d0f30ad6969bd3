"""What the readers of raw formats share."""
