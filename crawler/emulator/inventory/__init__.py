"""The repositories that the emulator serves (pure)."""
