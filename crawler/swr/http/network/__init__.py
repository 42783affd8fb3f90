"""The way of requests: proxies, certificates, and in words what fails on it."""
