"""What a server that runs for weeks keeps."""

import subprocess
import sys

SIGN_INS = """
import threading
from pathlib import Path
from coachbase import serve
from coachbase.accounts.rules import hash_password

def megabytes():
    return int(Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0]) / 1024

serve._give_large_blocks_back()
hash_password("correct horse")
before = megabytes()
together = [threading.Thread(target=hash_password, args=("correct horse",)) for _ in range(8)]
for each in together:
    each.start()
for each in together:
    each.join()
print(megabytes() - before)
"""


def test_the_memory_that_passwords_took_is_given_back():
    run = subprocess.run([sys.executable, "-c", SIGN_INS], capture_output=True, text=True, check=True)
    assert float(run.stdout) < 10
