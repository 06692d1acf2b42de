"""Files that are imported: rosters, marks, codes; reading them, and writing what they say to the service."""
