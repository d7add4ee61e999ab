import json
import urllib.request

request = urllib.request.Request(
    "https://api.retellai.com/create-retell-llm",
    data=json.dumps({"begin_message": "Hello!"}).encode(),
    headers={"Authorization": "Bearer key_local", "Content-Type": "application/json"},
)
with urllib.request.urlopen(request) as response:
    print(response.status, json.load(response)["begin_message"])
