"""Archives and files from elsewhere, brought to this machine once and unpacked safely."""
