"""Adapter: what is seen of the server from outside. It wraps `flow.ports`.

Health for whoever restarts us or sends us calls, metrics for Prometheus, traces for OpenTelemetry.
"""
