"""One full round without a human: a scripted phone calls the sample IVR."""
