"""The Crooked Lantern: a shop for adventurers, served by one asyncio process."""
