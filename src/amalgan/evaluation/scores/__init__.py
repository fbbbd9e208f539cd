"""What evaluate and compare measure: a file a question, each giving its scores where it applies.

scores    what a score is, and what it is taken of      scorers   every question, in the order of the report
"""
