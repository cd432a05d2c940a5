import subprocess
import sys

HEAVY = ("tensorflow", "keras", "matplotlib", "onnx", "pyarrow")


def test_the_api_never_imports_what_it_does_not_need_to_start():
    program = f"""
import sys
from service.app import create_app
create_app().openapi()
print(*(name for name in {HEAVY!r} if name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
