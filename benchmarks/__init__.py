"""Load and latency measurements: this server against the same IVR in Asterisk's plain dialplan.

``make bench`` runs them; `docs/performance.md` tells what came out and how to read it.

SIPp does the signalling. A media engine of our own (`media`) owns the phones' audio ports: it
recognises every frame of every prompt, presses the keys when a caller would, and notes times. A
web server (`web`) takes the webhooks of both. CPU time is read from ``/proc`` for Asterisk and
the controller only.
"""
