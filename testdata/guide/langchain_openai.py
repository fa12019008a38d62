"""Stands in for the parts of the package `langchain_openai` that docs/serve.md uses."""
import http.client
import json
from urllib.parse import urlsplit


class Message:
    def __init__(self, content):
        self.content = content


class ChatOpenAI:
    def __init__(self, model, base_url, api_key):
        self.model, self.base_url, self.api_key = model, base_url, api_key

    def invoke(self, prompt):
        address = urlsplit(self.base_url)
        connection = http.client.HTTPConnection(address.netloc, timeout=30)
        body = {"model": self.model, "messages": [{"role": "user", "content": prompt}], "stream": False}
        headers = {
            "Content-Type": "application/json", "Accept": "application/json", "Authorization": f"Bearer {self.api_key}",
            "User-Agent": "OpenAI/Python 2.9.0", "X-Stainless-Lang": "python",
        }
        connection.request("POST", address.path + "/chat/completions", json.dumps(body), headers)
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {answer.read()}")
        return Message(json.load(answer)["choices"][0]["message"]["content"])
