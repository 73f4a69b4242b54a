"""Tests of the pages of building blocks."""
