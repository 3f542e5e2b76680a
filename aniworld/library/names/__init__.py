"""What a file's or folder's name says: season, episodes, language."""
