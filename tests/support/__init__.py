"""Helpers shared by the integration and compatibility tests (standard library only)."""
