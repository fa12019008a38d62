"""Stands in for the parts of the package `requests` that the guide uses."""
import http.client
import json as codec
from urllib.parse import urlsplit


class Response:
    def __init__(self, answer):
        self.status_code, self.headers, self._answer = answer.status, answer.headers, answer

    def json(self):
        return codec.loads(self._answer.read())

    def iter_lines(self):
        return (line.rstrip(b"\r\n") for line in self._answer)


def post(url, json):
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    headers = {"Content-Type": "application/json", "User-Agent": "python-requests/2.32.5", "Accept": "*/*"}
    connection.request("POST", address.path, codec.dumps(json), headers)
    return Response(connection.getresponse())
