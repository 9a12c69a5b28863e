"""`authkey`: the secret by which processes of one family know each other."""

import multiprocessing
import time
from multiprocessing.connection import Client, Listener

from naming import call_me

fork = multiprocessing.get_context("fork")


def relative(address: tuple[str, int]) -> None:
    """Has inherited the parent's key, and gets in."""
    call_me("relative")
    with Client(address, authkey=multiprocessing.current_process().authkey) as connection:
        print(f"relative: {connection.recv()}")


def stranger(address: tuple[str, int]) -> None:
    """Has another key: AuthenticationError, exit code 1."""
    call_me("stranger")
    Client(address, authkey=b"a guess")


def listen(seconds: float) -> None:
    """Lets in who knows the key, then waits before it joins, so that both exit codes are seen."""
    key = multiprocessing.current_process().authkey
    print(f"my key has {len(key)} bytes")
    with Listener(("127.0.0.1", 0), authkey=key) as listener:
        visitors = [fork.Process(target=f, args=(listener.address,)) for f in (relative, stranger)]
        for visitor in visitors:
            visitor.start()
        for _ in visitors:
            greet_next(listener)
    time.sleep(seconds)
    for visitor in visitors:
        visitor.join()
        print(f"{visitor.name} ended with {visitor.exitcode}")


def greet_next(listener: Listener) -> None:
    """Accepts one visitor, whoever it is."""
    try:
        with listener.accept() as connection:
            connection.send("welcome")
    except multiprocessing.AuthenticationError as error:
        print(f"refused: {error}")
