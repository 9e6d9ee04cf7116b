"""What the users of other tools type: taken where samlocal has it, else answered in a line. Read only then."""
