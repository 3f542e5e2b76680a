"""The hosters that come with the program: open players, and what yt-dlp knows."""
