"""Draws: places that are given away by lot, and the record that anyone replays."""
