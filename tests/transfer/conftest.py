from tests.transfer.fixtures import ask, host, videos

__all__ = ["ask", "host", "videos"]
