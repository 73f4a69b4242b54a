"""A webhook tried without a phone: a respondent that there never was, and what would happen.

Pure: nothing is sent, stored or said here.
"""
