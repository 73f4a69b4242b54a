"""Adapter to customers' web servers: builds, signs and guards requests, and reads replies.

`client.HttpWebhookClient` implements `flow.ports.WebhookClient` on aiohttp.
"""
