"""Text as published: bytes to Unicode, normal forms, dates and numbers in Vietnamese, shingles."""
