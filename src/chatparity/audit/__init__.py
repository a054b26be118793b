"""Whether labelled transcripts can be trusted: labels against records, policy, shop and text, and what is missing."""
