"""What happens on a call: coroutines over ports; no HTTP, SQL or Asterisk."""
