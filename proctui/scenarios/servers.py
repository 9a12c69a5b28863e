"""An echo server with one child per client, and the same with a pool of workers."""

import multiprocessing
import socket
import time

from naming import call_me

fork = multiprocessing.get_context("fork")

HOST = "127.0.0.1"


def echo(connection: socket.socket) -> None:
    """Sends back in upper case what comes, until the client leaves."""
    with connection:
        while data := connection.recv(1024):
            connection.sendall(data.upper())


def echo_in_child(connection: socket.socket) -> None:
    """The same in a process of its own, named after the client's port."""
    call_me(f"port {connection.getpeername()[1]}")
    echo(connection)


def one_child_each(port: int, seconds: float) -> None:
    """Starts a child for every client, and never joins one: that is the mistake to see.

    Ends when no client has come for `seconds`.
    """
    with socket.create_server((HOST, port)) as listener:
        listener.settimeout(seconds)
        while True:
            connection, (_, client) = listener.accept()
            child = fork.Process(target=echo_in_child, args=(connection,))
            child.start()
            connection.close()  # the child has its own
            print(f"client on port {client}: child {child.pid}")


def name_pool_worker() -> None:
    """Runs once in each worker of the pool, and has ps and proctui show it as ``PoolWorker-…``."""
    call_me(multiprocessing.current_process().name.removeprefix("Fork"))


def pool_of(processes: int, port: int, seconds: float) -> None:
    """As many children as it says, however many clients come; who finds none free waits."""
    with (
        socket.create_server((HOST, port)) as listener,
        fork.Pool(processes, initializer=name_pool_worker) as pool,
    ):
        listener.settimeout(seconds)
        while True:
            connection, (_, client) = listener.accept()
            pool.apply_async(echo, (connection,), error_callback=print)
            print(f"client on port {client}: to the pool")


def client(port: int, seconds: float) -> None:
    """Says hello every second, for as long as it stays."""
    leave = time.monotonic() + seconds
    with connect(port) as server:
        print(f"I am on port {server.getsockname()[1]}")
        while time.monotonic() < leave:
            server.sendall(b"hello")
            answer = server.recv(1024)
            if not answer:
                break  # the server is gone
            print(answer.decode())
            time.sleep(1)


def connect(port: int) -> socket.socket:
    """Waits up to ten seconds for a server that is just starting."""
    give_up = time.monotonic() + 10
    while True:
        try:
            return socket.create_connection((HOST, port))
        except ConnectionRefusedError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.1)
