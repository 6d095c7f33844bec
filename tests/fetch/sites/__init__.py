"""Generated sites of publishers: pages with known title, lead, body and date, to test what reads pages.

The markup is ours and imitates what content systems of Vietnamese publishers write; the text is read from the shared data when a
test runs and is never stored here. Written before, and apart from, anything that learns from pages.
"""
