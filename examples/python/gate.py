"""Runs test cases and exits with 1 if one of them does not pass.

pip install retell-sdk
RETELL_API_KEY=key_local RETELL_BASE_URL=http://127.0.0.1:4010 python gate.py test_case_pass_1
"""

import os
import sys
import time

from retell import Retell

client = Retell(
    api_key=os.environ["RETELL_API_KEY"],
    base_url=os.environ.get("RETELL_BASE_URL", "https://api.retellai.com"),
)
batch = client.tests.create_batch_test(
    response_engine={"type": "retell-llm", "llm_id": "llm_1"},
    test_case_definition_ids=sys.argv[1:],
)
while batch.status == "in_progress":
    time.sleep(0.1)
    batch = client.tests.get_batch_test(batch.test_case_batch_job_id)
print(f"{batch.pass_count} of {batch.total_count} passed")
sys.exit(0 if batch.pass_count == batch.total_count else 1)
