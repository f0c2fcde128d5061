"""Waiting for what comes in its own time."""
import time


def wait_for(question, seconds=300, pause=0.02):
    """The first answer that counts, or None after so many seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        answer = question()
        if answer:
            return answer
        time.sleep(pause)
    return None
