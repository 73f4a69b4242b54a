"""Tests of what an administrator installs: deploy/."""
