"""The calls of the command line: in one workspace, by names and numbers, with failures in words for people.

Channel, retries, resumed watches and imports, deadlines and request ids are those of exam_sessions_client. Imports
nothing of the server.

from exam_sessions.client import Client, Refused

with Client("127.0.0.1:50051", "default", "my-program") as client:
    print(client.session("4XK7RQ2M").state)

with Client("exams.example:50051", "default", "my-program", ca="ca.crt", token=read_token) as client: ...
"""

from exam_sessions.client.bookings import Booking
from exam_sessions.client.client import Client
from exam_sessions.client.failures import HandshakeFailed, NoServer, Refused

__all__ = ["Booking", "Client", "HandshakeFailed", "NoServer", "Refused"]
