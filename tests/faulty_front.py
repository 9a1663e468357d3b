#!/usr/bin/env python3
"""A front between a client and a model server that injects faults by a schedule.

It stands where a load balancer would: clients connect to it, it hands their requests on to
the upstream server and the answers back, and now and then does to them what networks and
servers do. It writes down every image that it truly handed on, so that a test can count
what was bought.

    faulty_front.py --upstream 127.0.0.1:8080 --port-file port --log bought \\
        --seed 7 stall-after:5@3 cut@p0.1 status:429:1@10-14

The schedule is a list of rules FAULT[@WHEN]; the first whose WHEN takes in a request is
done to it, and a request that none takes in passes untouched. Requests are numbered from
1 as they arrive complete; only those with the method --on (POST) count and are harmed.

WHEN       3           the third request
           3-7         the third to the seventh; 3- from the third on
           %5          every fifth: 5, 10, 15...
           p0.1        each with probability 0.1, by --seed and its number alone
           (nothing)   every request

FAULT      what is done                                              handed on upstream
  pass                 nothing                                       yes
  drop                 the connection is closed                      no
  reset                the connection is reset (RST)                 no
  status:CODE          CODE is answered                              no
  status:CODE:S        with Retry-After: S (seconds)                 no
  status:CODE:date+S   with Retry-After: a date S seconds ahead      no
  redirect:URL         307 to URL                                    no
  redirect:URL:CODE    CODE (301, 302, 303, 308) to URL              no
  garbage              200 with a page of HTML                       no
  stall:S              S seconds of silence first                    after the silence
  stall-drop:S         S seconds of silence, then closed             no
  drop-after           closed in place of the answer                 yes
  late:CODE            CODE in place of the answer                   yes
  stall-after:S        S seconds of silence before the answer        yes
  cut[:N]              half of the body (or N bytes), then closed    yes
  cut-head             half of the status line and headers, closed   yes
  slow:S               the body byte by byte, over S seconds         yes
  truncate             a body cut short, its length right for it     yes
  nan                  a number of the answer becomes NaN            yes
  infinite             a number of the answer becomes 1e999 or inf   yes
  count:N              rows added (N > 0) or taken away (N < 0)      yes
  length:N             Content-Length is wrong by N                  yes
  odd:KIND             as servers do, all its values there: ODD in   yes
                       faulty_messages.py

While the upstream server cannot be reached the client gets --down: a status code (502), or
"drop". Nothing was handed on then.

The log (--log FILE, appended to, a line an event, fields between tabs):
  forwarded  NUMBER  N  DIGEST...   written before the request goes out: N images, the
                                    SHA-256 of each one's tensor bytes, first 16 digits
  answered   NUMBER  STATUS         the upstream server's answer arrived whole
  fault      NUMBER  FAULT          what was done
  down       NUMBER                 the upstream server could not be reached
UINT8 images have the same digest as JSON, as binary tensor and in TF-Serving's forms. A
body that is none of these counts as one image, the digest of the body.

With --headers FILE all received headers are written down too, to see whose credentials
arrive where. With --tls CERT KEY it speaks TLS to its clients.
"""

import argparse
import email.utils
import http.client
import http.server
import json
import os
import socket
import ssl
import struct
import sys
import threading
import time

sys.dont_write_bytecode = True  # nothing is left beside the sources
from faulty_messages import change_count, digest, images_of, make_odd, spoil_number
from faulty_schedule import Rule

NOT_FORWARDED = {"drop", "reset", "status", "redirect", "garbage", "stall-drop"}
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host",
              "expect", "te", "trailer", "upgrade"}


# ------------------------------------------------------------------------ the front --

class Front:
    """What all connections share: the schedule, the count and the log."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.rules = [Rule(text, i) for i, text in enumerate(arguments.rules)]
        host, _, port = arguments.upstream.rpartition(":")
        self.upstream = (host.strip("[]"), int(port))
        self.lock = threading.Lock()
        self.number = 0
        self.log = self.open(arguments.log)
        self.headers = self.open(arguments.headers)

    @staticmethod
    def open(path):
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644) if path else None

    def take(self, method):
        """The number of a request and its rule; (0, None) for those let alone."""
        if self.arguments.on not in (method, "ALL"):
            return 0, None
        with self.lock:
            self.number += 1
            number = self.number
        for rule in self.rules:
            if rule.takes(number, self.arguments.seed):
                return number, rule
        return number, None

    def note(self, *fields):
        if self.log is not None:  # one write: whole lines, whoever else writes
            os.write(self.log, ("\t".join(map(str, fields)) + "\n").encode())

    def note_headers(self, line, headers):
        if self.headers is not None:
            text = line + "\n" + "".join(f"{k}: {v}\n" for k, v in headers.items()) + "\n"
            os.write(self.headers, text.encode())


class Dropped(Exception):
    """The connection to the client is to be closed, with nothing more said."""


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    front = None
    upstream = None

    def log_message(self, *_):
        pass

    # -- in: the client's request --

    def read_chunked(self):
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def read_body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            return self.read_chunked()
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:
            raise Dropped
        return body

    def handle_request(self):
        try:
            body = self.read_body()
            self.front.note_headers(self.requestline, self.headers)
            number, rule = self.front.take(self.command)
            if rule:
                self.front.note("fault", number, rule.fault, *rule.arguments)
            self.serve(number, rule, body)
        except (Dropped, ConnectionError, ValueError, TimeoutError):
            self.close_connection = True

    do_GET = do_POST = do_HEAD = do_PUT = handle_request

    # -- out: answers --

    def send_whole(self, status, headers, body):
        self.send_head(status, headers, len(body))
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_head(self, status, headers, length):
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def fail(self, status, more=None):
        body = json.dumps({"error": f"injected fault: {status}"}).encode()
        self.send_whole(status, {"Content-Type": "application/json"} | (more or {}), body)

    def forward(self, number, body):
        """Hands the request on. Returns status, headers, body; None when it is down."""
        headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
        for attempt in range(2):
            fresh = self.upstream is None
            if fresh:
                self.upstream = http.client.HTTPConnection(*self.front.upstream,
                                                           timeout=120)
                try:
                    self.upstream.connect()
                    self.upstream.sock.setsockopt(socket.IPPROTO_TCP,
                                                  socket.TCP_NODELAY, 1)
                except OSError:
                    self.upstream = None
                    return None
            elif self.is_stale():
                self.upstream.close()
                self.upstream = None
                continue
            break
        if number:
            images = [digest(image) for image in images_of(body, self.headers)]
            self.front.note("forwarded", number, len(images), *images)
        try:
            self.upstream.request(self.command, self.path, body or None, headers)
            response = self.upstream.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException):
            self.upstream.close()
            self.upstream = None
            raise Dropped from None
        if number:
            self.front.note("answered", number, response.status)
        kept = {k: v for k, v in response.headers.items()
                if k.lower() not in HOP_BY_HOP}
        return response.status, kept, answer

    def is_stale(self):
        """Whether the upstream server has closed a connection that was kept open."""
        sock = self.upstream.sock
        if sock is None:
            return True
        sock.setblocking(False)
        try:
            return sock.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            sock.settimeout(120)

    # -- between: faults --

    def serve(self, number, rule, body):
        fault, arguments = (rule.fault, rule.arguments) if rule else ("pass", [])
        if fault in NOT_FORWARDED:
            self.refuse(fault, arguments)
            return
        if fault == "stall":
            time.sleep(float(arguments[0]))
        answer = self.forward(number, body)
        if answer is None:
            self.front.note("down", number)
            if self.front.arguments.down == "drop":
                raise Dropped
            self.fail(int(self.front.arguments.down))
            return
        self.spoil(fault, arguments, *answer)

    def refuse(self, fault, arguments):
        """The faults that keep a request from the server."""
        if fault == "status":
            more = {}
            if len(arguments) > 1:
                wait = arguments[1]
                if wait.startswith("date+"):
                    wait = email.utils.formatdate(time.time() + float(wait[5:]),
                                                  usegmt=True)
                more["Retry-After"] = wait
            self.fail(int(arguments[0]), more)
        elif fault == "redirect":
            code = int(arguments[1]) if len(arguments) > 1 else 307
            self.fail(code, {"Location": arguments[0]})
        elif fault == "garbage":
            self.send_whole(200, {"Content-Type": "text/html"},
                            b"<html><body>Please sign in to the network</body></html>")
        else:
            if fault == "stall-drop":
                time.sleep(float(arguments[0]))
            if fault == "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                           struct.pack("ii", 1, 0))
                os.close(self.connection.detach())  # no FIN before the RST
            raise Dropped

    def spoil(self, fault, arguments, status, headers, body):
        """The faults that harm an answer, and the answer itself."""
        if fault == "drop-after":
            raise Dropped
        if fault == "late":
            self.fail(int(arguments[0]))
            return
        if fault == "stall-after":
            time.sleep(float(arguments[0]))
        elif fault == "truncate":
            body = body[:len(body) * 2 // 3]
        elif fault in ("nan", "infinite"):
            body = spoil_number(body, headers, "nan" if fault == "nan" else "inf")
        elif fault == "count":
            body = change_count(body, headers, int(arguments[0]))
        elif fault == "odd":
            body = make_odd(body, headers, arguments[0])
        if fault == "cut-head":
            self.wfile.write(f"HTTP/1.1 {status} OK\r\nContent-Type: appl".encode())
            raise Dropped
        if fault == "length":
            self.send_head(status, headers, len(body) + int(arguments[0]))
            self.wfile.write(body)
            raise Dropped
        if fault == "cut":
            self.send_head(status, headers, len(body))
            self.wfile.write(body[:int(arguments[0]) if arguments else len(body) // 2])
            raise Dropped
        if fault == "slow":
            self.send_head(status, headers, len(body))
            for byte in range(len(body)):
                self.wfile.write(body[byte:byte + 1])
                time.sleep(float(arguments[0]) / len(body))
            return
        self.send_whole(status, headers, body)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, request, client_address):
        pass  # clients that leave are what this is about


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--upstream", required=True, metavar="HOST:PORT")
    parser.add_argument("--listen", default="127.0.0.1", metavar="ADDRESS")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--port-file", metavar="FILE", help="written once it listens")
    parser.add_argument("--log", metavar="FILE")
    parser.add_argument("--headers", metavar="FILE")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--on", default="POST", metavar="METHOD",
                        help="the method whose requests are harmed, or ALL")
    parser.add_argument("--down", default="502", metavar="CODE|drop")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    parser.add_argument("rules", nargs="*", metavar="FAULT[@WHEN]")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    try:
        Handler.front = Front(arguments)
    except ValueError as error:
        sys.exit(f"faulty_front.py: {error}")
    server = Server((arguments.listen, arguments.port), Handler)
    if arguments.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*arguments.tls)
        server.socket = context.wrap_socket(server.socket, server_side=True,
                                            do_handshake_on_connect=False)
    if arguments.port_file:
        temporary = arguments.port_file + ".new"
        with open(temporary, "w", encoding="ascii") as file:
            file.write(f"{server.server_address[1]}\n")
        os.replace(temporary, arguments.port_file)
    else:
        print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
