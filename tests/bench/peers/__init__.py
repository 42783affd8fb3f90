"""The peers: what people use today, configured as well as their documentation allows. They have their own venv."""
