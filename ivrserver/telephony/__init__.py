"""Adapter: Asterisk. The only place that knows ARI, its channels and its bridges."""
