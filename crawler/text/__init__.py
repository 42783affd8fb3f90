"""Text for people (pure): numbers with units, and foreign words made safe to show."""
