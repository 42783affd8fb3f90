"""The peers: tools that people use today, configured by their own documentation. They have a venv of their own."""
