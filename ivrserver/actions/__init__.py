"""What a webhook's reply says: XML in, a typed `Action` or an `ActionError` out (SPEC §5).

Pure: no clock, no I/O.
"""
