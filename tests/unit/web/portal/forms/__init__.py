"""Tests of forms in the browser."""
