"""What a sandbox mounts and starts from: the code folder, the /opt folder and the image."""
