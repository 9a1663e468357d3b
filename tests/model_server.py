#!/usr/bin/env python3
"""A stand-in for model servers: one tiny model of 2 x 3 images behind every protocol.

    model_server.py PORT_FILE LOG [--no-binary] [--tls CERT KEY]

listens on a free port of the loopback, writes its number to PORT_FILE and a line for every
request to LOG: method, path, number of images, Authorization. Each class of the model sums
the pixels by weights of its own, so that every pixel and its place count.

    /v2/models/NAME, /v1/models/NAME     NAME is TYPE-LAYOUT: u8-nhwc, f32-nchw, f64-flat ...
                                         open: all dimensions -1; two: two outputs;
                                         v1 "bare": no metadata; "rows": several outputs;
                                         empty, empty-flat: v2 metadata without inputs and
                                         outputs
    /api/list, /api/object, /api/scores  JSON with a PNG in base64: the two best by name,
                                         all by name, all in order
    /api/form                            the PNG as a file of a form
"""

import base64
import http.server
import json
import re
import struct
import sys
import zlib

HEIGHT, WIDTH, NCLASSES = 2, 3, 4
NAMES = ["ant", "bee", "cat", "dog"]
TYPES = {"u8": ("UINT8", "B", "DT_UINT8"), "f32": ("FP32", "f", "DT_FLOAT"),
         "f64": ("FP64", "d", "DT_DOUBLE"), "f16": ("FP16", "e", "DT_HALF")}


def single(number):
    return struct.unpack("<f", struct.pack("<f", number))[0]


def answer(pixels):
    """Probabilities of an image, pixels [HEIGHT][WIDTH][channels] in one list."""
    sums = [1 + sum(p * ((at + 1) * (y + 2) % 7) for at, p in enumerate(pixels))
            for y in range(NCLASSES)]
    return [single(s / sum(sums)) for s in sums]


def flatten(values):
    return [n for v in values for n in flatten(v)] if isinstance(values, list) else [values]


def to_pixels(numbers, channels, kind, layout):
    """Numbers of one image in a model's type and layout, as pixels of 0..255, HWC."""
    pixels = [n if kind == "u8" else round(n * 255) for n in numbers]
    if layout == "nchw":
        area = HEIGHT * WIDTH
        pixels = [pixels[c * area + at] for at in range(area) for c in range(channels)]
    return pixels


def read_png(png):
    """Pixels of an 8-bit PNG that is not interlaced, and its channels."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, data = 8, b""
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at:at + 8])
        if kind == b"IHDR":
            width, height, depth, color = struct.unpack(">IIBB", png[at + 8:at + 18])
        if kind == b"IDAT":
            data += png[at + 8:at + 8 + size]
        at += 12 + size
    channels = {0: 1, 2: 3}[color]
    assert (height, width, depth) == (HEIGHT, WIDTH, 8)
    raw, stride, pixels, above = zlib.decompress(data), width * channels, [], [0] * 99
    for y in range(height):
        kind, *line = raw[y * (stride + 1):(y + 1) * (stride + 1)]
        for x in range(stride):
            a = line[x - channels] if x >= channels else 0
            b, c = above[x], above[x - channels] if x >= channels else 0
            paeth = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
            line[x] = line[x] + [0, a, b, (a + b) // 2, paeth][kind] & 255
        pixels, above = pixels + line, line
    return pixels, channels


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def note(self, n):
        with open(LOG, "a") as log:
            print(self.command, self.path, n, self.headers.get("Authorization", "-"), file=log)

    def send(self, body, status=200, headers=()):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self._headers_buffer.append(b"\r\n" + body)  # in one piece: no wait for an ACK
        self.flush_headers()

    def model(self, path):
        """Type, layout and channels of the model a path names, and what is asked of it."""
        match = re.fullmatch(r"/v[12]/models/([a-z0-9-]+?)(-rgb)?((?:/versions/3)?(?:[/:]\w+)?)", path)
        if not match or match[1] == "missing":
            return None
        kind, _, layout = match[1].partition("-")
        if kind in ("open", "two"):
            kind, layout = "u8", kind
        if kind in ("bare", "rows"):
            kind, layout = "f32", kind
        self.empty = layout.startswith("empty")
        layout = re.sub("^empty-?", "", layout)
        return kind, layout, 3 if match[2] else 1, re.sub("^/versions/3", "", match[3])

    def shape(self, layout, channels, n=-1):
        return {"nchw": [n, channels, HEIGHT, WIDTH], "open": [-1, -1, -1, -1],
                "flat": [n, HEIGHT * WIDTH * channels], "hw": [n, HEIGHT, WIDTH],
                "one": [HEIGHT, WIDTH, channels],
                }.get(layout, [n, HEIGHT, WIDTH, channels])

    def do_GET(self):
        self.note(0)
        if self.path == "/v2":
            extensions = ["model_configuration"] + [] if NO_BINARY else \
                ["binary_tensor_data", "model_configuration"]
            return self.send({"name": "stand-in", "version": "1", "extensions": extensions})
        model = self.model(self.path)
        if not model:
            return self.send({"error": "no such model"}, 404)
        kind, layout, channels, what = model
        if what == "/config":
            return self.send({"max_batch_size": 16})
        if self.path.startswith("/v2/"):
            outputs = [{"name": "p", "datatype": "FP64" if kind == "f64" else "FP32",
                        "shape": [-1, NCLASSES]}]
            if layout == "two":
                outputs.insert(0, dict(outputs[0], name="q"))
            if self.empty:
                return self.send({"name": "m", "platform": "none", "inputs": [], "outputs": []})
            return self.send({"name": "m", "platform": "none", "outputs": outputs, "inputs": [
                {"name": "x", "datatype": TYPES[kind][0], "shape": self.shape(layout, channels)}]})
        if layout == "bare":
            return self.send({"error": "no metadata"}, 404)
        dims = [{"size": str(d), "name": ""} for d in self.shape(layout, channels)]
        signature = {"inputs": {"x": {"dtype": TYPES[kind][2], "name": "x:0",
                                      "tensor_shape": {"dim": dims}}}, "outputs": {}}
        self.send({"metadata": {"signature_def": {"signature_def": {
            "__saved_model_init_op": {}, "serving_default": signature}}}})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            if self.path.startswith("/api/"):
                self.serve_api(body)
            elif self.path.startswith("/v2/"):
                self.serve_v2(body)
            else:
                self.serve_v1(body)
        except Exception as error:  # what a server would say
            self.send({"error": f"{type(error).__name__}: {error}"}, 400)

    def serve_v2(self, body):
        kind, layout, channels, what = self.model(self.path)
        assert what == "/infer"
        length = int(self.headers.get("Inference-Header-Content-Length", len(body)))
        request, rest = json.loads(body[:length]), body[length:]
        tensor, = request["inputs"]
        assert tensor["name"] == "x" and tensor["datatype"] == TYPES[kind][0]
        if "data" in tensor:
            numbers = tensor["data"]
        else:
            assert tensor["parameters"]["binary_data_size"] == len(rest)
            code = TYPES[kind][1]
            numbers = list(struct.unpack(f"<{len(rest) // struct.calcsize(code)}{code}", rest))
        size = HEIGHT * WIDTH * channels
        n = len(numbers) // size
        assert layout == "open" or tensor["shape"] == self.shape(layout, channels, n)
        self.note(n)
        rows = [answer(to_pixels(numbers[i * size:][:size], channels, kind, layout))
                for i in range(n)]
        binary = request.get("parameters", {}).get("binary_data_output")
        wanted = request.get("outputs", [{"name": "p", "parameters": {"binary_data": binary}}])[0]
        output = {"name": wanted["name"], "shape": [n, NCLASSES],
                  "datatype": "FP64" if kind == "f64" else "FP32"}
        reply = {"model_name": "m", "id": request["id"], "outputs": [output]}
        if not wanted.get("parameters", {}).get("binary_data"):
            output["data"] = flatten(rows)
            return self.send(reply)
        data = struct.pack(f"<{n * NCLASSES}{'d' if kind == 'f64' else 'f'}", *flatten(rows))
        output["parameters"] = {"binary_data_size": len(data)}
        head = json.dumps(reply).encode()
        self.send(head + data, headers=[("Inference-Header-Content-Length", str(len(head))),
                                        ("Content-Type", "application/octet-stream")])

    def serve_v1(self, body):
        kind, layout, channels, what = self.model(self.path)
        assert what == ":predict"
        request = json.loads(body)
        instances = request.get("instances") or request["inputs"]
        rows = [answer(to_pixels(flatten(i), channels, kind, layout)) for i in instances]
        self.note(len(rows))
        several = layout == "rows"
        if "instances" in request:
            return self.send({"predictions": [{"p": r, "class": 1} if several else r
                                              for r in rows]})
        self.send({"outputs": {"p": rows, "class": [1]} if several else rows})

    def serve_api(self, body):
        self.note(1)
        if self.path == "/api/form":
            boundary = re.search("boundary=(.*)", self.headers["Content-Type"])[1].encode()
            parts = body.split(b"--" + boundary)
            assert parts[0] == b"" and parts[-1] == b"--\r\n"
            fields = {}
            for part in parts[1:-1]:
                head, _, data = part.partition(b"\r\n\r\n")
                fields[re.search(b' name="(.*?)"', head)[1]] = data[:-2]
            assert fields[b"model"] == b"tiny" and fields[b"top"] == b"4"
            png = fields[b"image"]
        else:
            request = json.loads(body)
            assert request["top"] == 2
            png = base64.b64decode(request["image"]["content"], validate=True)
        scores = answer(read_png(png)[0])
        named = dict(zip(NAMES, scores))
        best = sorted(named, key=lambda name: -named[name])[:2]
        if self.path == "/api/list":
            return self.send({"results": [{"labels": [
                {"name": name, "score": named[name], "box": None} for name in best]}]})
        self.send({"scores": named if self.path == "/api/object" else scores})


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


PORT_FILE, LOG = sys.argv[1:3]
NO_BINARY = "--no-binary" in sys.argv
server = Server(("127.0.0.1", 0), Handler)
if "--tls" in sys.argv:
    import ssl
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*sys.argv[sys.argv.index("--tls") + 1:][:2])
    server.socket = context.wrap_socket(server.socket, server_side=True)
with open(PORT_FILE + ".new", "w") as file:
    print(server.server_address[1], file=file)
__import__("os").rename(PORT_FILE + ".new", PORT_FILE)
server.serve_forever()
