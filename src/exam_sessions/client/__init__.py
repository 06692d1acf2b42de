"""The Python client: typed calls in one workspace of a server, refusals read back. Imports nothing of the server.

from exam_sessions.client import Client, Refused

with Client("127.0.0.1:50051", "default", "my-program") as client:
    print(client.session("4XK7RQ2M").state)

with Client("exams.example:50051", "default", "my-program", ca="ca.crt", token=read_token) as client: ...
"""

from exam_sessions.client.bookings import Booking
from exam_sessions.client.client import Client
from exam_sessions.client.failures import HandshakeFailed, NoServer, Refused

__all__ = ["Booking", "Client", "HandshakeFailed", "NoServer", "Refused"]
