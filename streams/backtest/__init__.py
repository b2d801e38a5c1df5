"""Backtest: labelled attacks woven into a PBX's own history, and what the rules make of both."""
