"""`make demo`: a scripted SIP phone calls the sample account and prints the conversation."""
