"""Text for people (pure): numbers with units, and text from the service made safe to show."""
