# Follows the class of the guide: its conversations, which its own examples leave out.
def said(answer):
    return answer["choices"][0]["message"]["content"]


def streamed(chunks):
    return "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)


print()
said(client.create_completion([{"role": "user", "content": "My name is Alice"}], session_id="alice"))
print(said(client.create_completion([{"role": "user", "content": "What's my name?"}], session_id="alice")))
print(streamed(client.create_completion([{"role": "user", "content": "What's my name?"}], session_id="alice", stream=True)))
print(said(client.create_completion([{"role": "user", "content": "What's my name?"}])))
