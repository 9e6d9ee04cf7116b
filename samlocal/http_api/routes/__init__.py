"""Which APIs a template describes, and which routes they have.

The SAM translator says what SAM's resources become, as it does on AWS; what it makes, and what a template has in
plain CloudFormation, is read in one way. Where the translator refuses a template, what it refuses is left out and
named.
"""
