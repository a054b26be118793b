"""The claims ledger: a public sentence about the assistant as a computation from logs that anyone can repeat.

A claims file says what was claimed; `measure_claims` computes each figure with its interval from the logs and holds it
against the sentence: supported, contradicted, or cannot be told, with the data that would tell.
"""
