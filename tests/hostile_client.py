#!/usr/bin/env python3
"""Clients that a server on the network meets: idle by the thousand, malformed, oversized,
gone in mid-request. Every answer must be whole, and a client's fault a 4xx.

    hostile_client.py PORT MODEL [SEED]

The model takes UINT8 images of 2 x 3 x 1.
"""

import gzip
import json
import random
import re
import resource
import socket
import sys

PORT, MODEL = int(sys.argv[1]), sys.argv[2]
RANDOM = random.Random(sys.argv[3] if len(sys.argv) > 3 else "1")
INFER = f"/v2/models/{MODEL}/infer"
TEXT = json.dumps({"id": "7", "inputs": [
    {"name": "image", "datatype": "UINT8", "shape": [1, 2, 3, 1],
     "data": [[[[1], [2], [3]], [[4], [5], [6]]]]}]}).encode()
PACKED = ["Content-Encoding: gzip"]
N_IDLE, N_MUTATED = 5000, 600  # more than the server's limit


def connect():
    return socket.create_connection(("127.0.0.1", PORT), timeout=20)


def is_whole(answer):
    head, end, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    return bool(end and length and len(body) >= int(length[1]))


def exchange(data, whole=False, answers=1):
    """Sends data, says that no more will come unless it is whole, and returns all that is
    answered, up to so many answers."""
    with connect() as sock:
        answer = b""
        try:
            sock.sendall(data)
            if not whole:
                sock.shutdown(socket.SHUT_WR)
            while answers > 1 or not is_whole(answer):
                part = sock.recv(65536)
                if not part:
                    break
                answer += part
        except OSError:  # it need not hear nonsense to its end
            pass
        return answer


def request(body=b"", method="POST", target=INFER, headers=()):
    lines = [f"{method} {target} HTTP/1.1", "Host: x", "Connection: close", *headers]
    if not any(h.startswith("Content-Length") or "chunked" in h for h in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def status(answer):
    match = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    return int(match[1]) if match else 0


def check_whole(answer, what):
    """An answer is none at all, or has as many bytes as it says."""
    if not answer:
        return
    head, end, body = answer.partition(b"\r\n\r\n")
    assert end and status(answer), f"{what}: {answer[:80]}"
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    if length and not head.startswith(b"HTTP/1.1 100"):
        assert len(body) >= int(length[1]), f"{what}: cut short: {answer[:200]}"
    assert status(answer) < 500 or status(answer) in (501, 505), f"{what}: {answer[:300]}"


def expect(wanted, data, what):
    answer = exchange(data, 200 in wanted)
    check_whole(answer, what)
    assert status(answer) in wanted, f"{what}: {answer[:300]}, expected {wanted}"


def good_request():
    tensor = {"name": "image", "datatype": "UINT8", "shape": [1, 2, 3, 1]}
    head = json.dumps({"inputs": [tensor | {"parameters": {"binary_data_size": 6}}]})
    return request(head.encode() + bytes(range(6)),
                   headers=[f"Inference-Header-Content-Length: {len(head)}"])


def good_text():
    return request(TEXT)


def good_packed():
    return request(gzip.compress(TEXT), headers=PACKED)


def malformed():
    big = b"[" + b"0," * 1000000 + b"0]"
    for wanted, data in [
        ({0}, b"\0" * 4096),
        ({0, 400}, RANDOM.randbytes(20000)),
        ({0, 400}, b"GET"),
        ({0, 400}, b"GET\r\n\r\n"),
        ({400, 404, 505}, b"GET / HTTP/9.9\r\nHost: x\r\n\r\n"),
        ({400}, b"GET /v2 HTTP/1.1\r\nno colon\r\nHost: x\r\n\r\n"),
        ({404, 414, 431}, request(method="GET", target="/" + "a" * 12000)),
        ({0, 414, 431}, request(method="GET", target="/" + "a" * 100000)),
        ({431}, request(method="GET", headers=["X: " + "a" * 20000])),
        ({0, 431}, request(method="GET", headers=["X: y"] * 5000)),
        ({405, 501, 400}, request(method="M" * 200)),
        ({400}, request(method="GET", target="/v2/models/%00%0a%ff")),
        ({404}, request(method="GET", target="/v2/models/%0a%ff")),
        ({400}, request(b"x", headers=["Content-Length: -1"])),
        ({400}, request(b"x", headers=["Content-Length: 1x"])),
        ({400, 413}, request(b"x", headers=["Content-Length: 99999999999999999999999"])),
        ({413}, request(b"x", headers=["Content-Length: 9999999999999"])),
        ({413}, request(b"x" * 70000000)),
        ({413}, request(gzip.compress(b"0" * 200000000, 1), headers=PACKED)),
        ({400}, request(gzip.compress(b"[" * 60000000, 1), headers=PACKED)),
        ({400}, request(gzip.compress(b"") * 100000, headers=PACKED)),
        ({0, 400}, request(b"{}", headers=["Content-Length: 500"])),
        ({400}, b"GET /v2 HTTP/1.1\r\n\r\n"),
        ({400}, request(b"{}", "GET", "/v2", ["Content-Length: 2", "Content-Length: 2"])),
        ({400}, request(b"2\r\n{}\r\n0\r\n\r\n", "GET", "/v2",
                        ["Content-Length: 2", "Transfer-Encoding: chunked"])),
        ({0, 400}, request(b"zz\r\n{}", headers=["Transfer-Encoding: chunked"])),
        ({0, 400}, request(b"ffffffffffffffff\r\n{}",
                           headers=["Transfer-Encoding: chunked"])),
        ({400}, request(b"2\r\n{}\r\n0\r\n\r\n", headers=["Transfer-Encoding: chunked"])),
        ({400}, request(b"{" * 3000000)),
        ({400}, request(b"[" * 3000000)),
        ({400}, request(b'{"inputs":' * 100000)),
        ({400}, request(b'{"a":"' + b"x" * 3000000)),
        ({400}, request(b'{"inputs":[{"name":"image","datatype":"UINT8",'
                        b'"shape":[1,2,3,1],"data":' + big + b"}]}")),
        ({400}, request(b'{"instances":' + b"[" + b"[]," * 500000 + b"[]]}",
                        target=f"/v1/models/{MODEL}:predict")),
        ({400}, request(b'{"instances":[' + b"{}," * 500000 + b"{}]}",
                        target=f"/v1/models/{MODEL}:predict")),
    ]:
        expect(wanted, data, f"malformed {data[:60]}")


def mutate(data):
    data = bytearray(data)
    for _ in range(RANDOM.choice([1, 1, 2, 5])):
        at = RANDOM.randrange(len(data))
        kind = RANDOM.randrange(4)
        if kind == 0:
            data[at] = RANDOM.randrange(256)
        elif kind == 1:
            del data[at:at + RANDOM.randrange(1, 20)]
        elif kind == 2:
            data[at:at] = RANDOM.randbytes(RANDOM.randrange(1, 20))
        else:
            other = RANDOM.randrange(len(data))
            data[at:at] = data[other:other + 20]
        if not data:
            data = bytearray(b"x")
    return bytes(data)


def leave_early(data):
    """Sends a part, and is gone: in good order, or by a reset."""
    with connect() as sock:
        sock.sendall(data[:RANDOM.randrange(1, len(data) + 1)])
        if RANDOM.random() < 0.5:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, N_IDLE + 100), hard))
    idle = [connect() for _ in range(min(N_IDLE, hard - 100))]
    for sock in idle[::2]:  # half of them have begun to speak
        sock.sendall(good_request()[:RANDOM.randrange(1, 100)])
    expect({200}, good_request(), "beside idle connections")
    malformed()
    for i in range(N_MUTATED):
        good = (good_request, good_text, good_packed)[i % 3]()
        bad = mutate(good)
        check_whole(exchange(bad), f"mutated {bad}")
        leave_early(good)
    expect({200}, good_request(), "after all")
    expect({200}, good_text(), "after all, as text")
    expect({200}, good_packed(), "after all, packed")
    for sock in idle:
        sock.close()
    pipelined = exchange(request(method="GET", target="/v2").replace(
        b"Connection: close\r\n", b"") * 20 + good_request(), whole=True, answers=21)
    assert pipelined.count(b"HTTP/1.1 200") == 21, pipelined[-300:]
    print(f"{len(idle)} idle connections, {N_MUTATED} mutated requests")


if __name__ == "__main__":
    main()
