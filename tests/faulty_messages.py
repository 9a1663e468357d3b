"""What faulty_front.py reads in requests and spoils in answers: the messages of the Open
Inference Protocol and of TF-Serving."""

import gzip
import hashlib
import json
import re
import struct


# ------------------------------------------------------------- what a request asks --

def flatten(values):
    """The numbers of nested lists, in order."""
    if isinstance(values, list):
        return [number for value in values for number in flatten(value)]
    return [values]


def pack(numbers, datatype):
    """The bytes that the numbers are as a binary tensor."""
    if datatype == "UINT8":
        return bytes(numbers)
    return struct.pack(f"<{len(numbers)}f", *numbers)


def guess(numbers):
    whole = all(isinstance(n, int) and 0 <= n <= 255 for n in numbers)
    return pack(numbers, "UINT8" if whole else "FP32")


def split(raw, n):
    size = len(raw) // n
    return [raw[i * size:(i + 1) * size] for i in range(n)]


def oip_images(header, rest):
    tensor = header["inputs"][0]
    n = tensor["shape"][0]
    if "data" in tensor:
        return split(pack(flatten(tensor["data"]), tensor["datatype"]), n)
    return split(rest[:tensor["parameters"]["binary_data_size"]], n)


def first_value(tensor):
    return next(iter(tensor.values())) if isinstance(tensor, dict) else tensor


def images_of(body, headers):
    """The bytes of each image that a request asks about."""
    try:
        length = int(headers.get("Inference-Header-Content-Length", len(body)))
        header = json.loads(body[:length])
        if "instances" in header:
            return [guess(flatten(first_value(i))) for i in header["instances"]]
        if isinstance(header["inputs"], list) and isinstance(header["inputs"][0], dict):
            return oip_images(header, body[length:])
        return [guess(flatten(i)) for i in first_value(header["inputs"])]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, struct.error,
            ZeroDivisionError):
        return [body]


def digest(image):
    return hashlib.sha256(image).hexdigest()[:16]


# ----------------------------------------------------------- what is done to answers --

def spoil_number(body, headers, number):
    """Puts a number that is none in place of the last one."""
    length = int(headers.get("Inference-Header-Content-Length", len(body)))
    if length < len(body):
        return body[:-4] + struct.pack("<f", float(number))
    text = "NaN" if number == "nan" else "1e999"
    matches = list(re.finditer(rb"-?\d+\.\d+(?:[eE][-+]?\d+)?|-?\d+[eE][-+]?\d+", body))
    if not matches:
        return body
    return body[:matches[-1].start()] + text.encode() + body[matches[-1].end():]


def change_rows(rows, more):
    return rows + rows[-1:] * more if more > 0 else rows[:more]


def change_count(body, headers, more):
    """Rows more or fewer, the shape telling so: an answer right in itself."""
    length = int(headers.get("Inference-Header-Content-Length", len(body)))
    header, rest = json.loads(body[:length]), body[length:]
    for key in ("predictions", "outputs"):
        if isinstance(header.get(key), list) and isinstance(header[key][0], list):
            header[key] = change_rows(header[key], more)
    raw = b""
    for tensor in header.get("outputs", []):
        if not isinstance(tensor, dict):
            continue
        n = tensor["shape"][0]
        tensor["shape"][0] = max(n + more, 0)
        if "data" in tensor:
            values = flatten(tensor["data"])
            size = len(values) // n
            rows = change_rows([values[i * size:(i + 1) * size] for i in range(n)], more)
            tensor["data"] = flatten(rows)
        else:
            nbytes = tensor["parameters"]["binary_data_size"]
            part, rest = rest[:nbytes], rest[nbytes:]
            part = b"".join(change_rows(split(part, n), more))
            tensor["parameters"]["binary_data_size"] = len(part)
            raw += part
    text = json.dumps(header).encode()
    if length < len(body):
        headers["Inference-Header-Content-Length"] = str(len(text))
    return text + raw


ODD = {  # what is put before the last bracket of an answer's JSON
    "nan": b', "ms": NaN, "least": -Infinity',
    "integer": b', "seed": 18446744073709551616',
    "latin1": b', "by": "caf\xe9"',
    "double": b', "model_name": "again"',
}


def make_odd(body, headers, kind):
    """An answer with all that was asked for, and something that many a parser refuses."""
    if kind == "gzip":
        headers["Content-Encoding"] = "gzip"
        return gzip.compress(body)
    length = int(headers.get("Inference-Header-Content-Length", len(body)))
    header, rest = json.loads(body[:length]), body[length:]
    for tensor in header["outputs"]:
        if kind == "shape":
            tensor["shape"] = [-1, *tensor["shape"][1:]]
        elif kind == "one-row":
            tensor["shape"][0] = 1
        elif kind == "no-shape":
            del tensor["shape"]
        elif kind == "texts" and "data" in tensor:
            tensor["data"] = [str(number) for number in flatten(tensor["data"])]
    if kind == "id":
        header["id"] = "one of the server's own"
    text = json.dumps(header).encode()
    text = text[:-1] + ODD.get(kind, b"") + b"}"
    if kind == "bom":
        text = b"\xef\xbb\xbf" + text
    if length < len(body):
        headers["Inference-Header-Content-Length"] = str(len(text))
    return text + rest
