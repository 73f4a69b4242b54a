"""Adapter: e-mail about voicemail messages. The only place that knows SMTP."""
