"""The student on bare ASGI (uvicorn on uvloop and httptools), by ONNX Runtime: no
framework, the binary extension straight from the body, requests that come together in one
batch. About as fast as a Python server can be made to go.

    MODEL=student.onnx uvicorn --loop uvloop --http httptools asgi_student:app
"""

import asyncio
import json
import os

import numpy as np
import onnxruntime

MAX_BATCH = 256

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(
    os.environ["MODEL"], options, providers=["CPUExecutionProvider"]
)
waiting: list[tuple[np.ndarray, asyncio.Future]] = []
running = False


def take_batch():
    n = taken = 0
    while taken < len(waiting) and (not n or n + len(waiting[taken][0]) <= MAX_BATCH):
        n += len(waiting[taken][0])
        taken += 1
    batch = waiting[:taken]
    del waiting[:taken]
    return batch


async def run_batches() -> None:
    """Runs what waits, in a thread, so that requests are read meanwhile."""
    global running
    loop = asyncio.get_running_loop()
    while waiting:
        batch = take_batch()
        images = np.concatenate([images for images, _ in batch])
        (probs,) = await loop.run_in_executor(None, session.run, None, {"image": images})
        at = 0
        for images, future in batch:
            future.set_result(probs[at : at + len(images)])
            at += len(images)
    running = False


async def predict(images: np.ndarray) -> np.ndarray:
    global running
    future = asyncio.get_running_loop().create_future()
    waiting.append((images, future))
    if not running:
        running = True
        asyncio.get_running_loop().create_task(run_batches())
    return await future


async def read_body(receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message["body"])
        if not message.get("more_body"):
            return b"".join(parts)


def tensor(probs: np.ndarray) -> dict:
    return {"name": "probabilities", "datatype": "FP32", "shape": list(probs.shape)}


async def answer(send, body: bytes, headers: list) -> None:
    headers = [(b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def app(scope, receive, send) -> None:
    if scope["type"] != "http":
        return
    body = await read_body(receive)
    length = dict(scope["headers"]).get(b"inference-header-content-length")
    if scope["method"] != "POST":
        await answer(send, b"{}", [])
        return
    head = json.loads(body[: int(length)] if length else body)
    asked = head["inputs"][0]
    if length:
        images = np.frombuffer(body, np.uint8, offset=int(length)).reshape(asked["shape"])
    else:
        images = np.array(asked["data"], np.uint8).reshape(asked["shape"])
    probs = await predict(images)
    if length:
        output = tensor(probs) | {"parameters": {"binary_data_size": probs.nbytes}}
        text = json.dumps({"model_name": "student", "outputs": [output]}).encode()
        size = str(len(text)).encode()
        await answer(
            send, text + probs.tobytes(), [(b"inference-header-content-length", size)]
        )
    else:
        output = tensor(probs) | {"data": probs.ravel().tolist()}
        text = json.dumps({"model_name": "student", "outputs": [output]}).encode()
        await answer(send, text, [(b"content-type", b"application/json")])
