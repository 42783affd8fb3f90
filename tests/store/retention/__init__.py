"""Tests of what an output holds beside its snapshots, and of their removal."""
