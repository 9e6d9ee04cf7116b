"""Run the functions of a SAM or CloudFormation template as their deployed environment would run them."""

__version__ = "0.1.0"
