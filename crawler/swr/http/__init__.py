"""The only folder that opens connections to the service: client, rate limiter, timeout, buffers."""
