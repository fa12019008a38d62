"""Stands in for the parts of the package `openai` that the guide uses."""
import http.client
import json
from urllib.parse import urlsplit


class Response(dict):
    @property
    def output_text(self):
        parts = [part for item in self["output"] if item["type"] == "message" for part in item["content"]]
        return "".join(part["text"] for part in parts if part["type"] == "output_text")


class OpenAI:
    def __init__(self, api_key, base_url):
        self.api_key, self.base_url, self.responses = api_key, base_url, self

    def create(self, **body):
        address = urlsplit(self.base_url)
        connection = http.client.HTTPConnection(address.netloc, timeout=30)
        headers = {
            "Content-Type": "application/json", "Accept": "application/json", "Authorization": f"Bearer {self.api_key}",
            "User-Agent": "OpenAI/Python 2.9.0", "X-Stainless-Lang": "python", "X-Stainless-Retry-Count": "0",
        }
        connection.request("POST", address.path + "/responses", json.dumps(body), headers)
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {answer.read()}")
        return Response(json.load(answer))
