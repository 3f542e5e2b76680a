from tests.transfer.fixtures import ask, clip, host, videos

__all__ = ["ask", "clip", "host", "videos"]
