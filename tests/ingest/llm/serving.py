"""Real servers of the OpenAI protocol: transformers serve, and one that also gives log-probabilities."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import torch

from tests.ingest.llm.listening import listening


@contextmanager
def transformers_serve(folder: Path) -> Iterator[str]:
    """`transformers serve` with one model, in a process of its own; its base url."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = "from transformers.cli.transformers import main; main()"
    command = [sys.executable, "-c", code, "serve", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    environ = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    with (
        open(folder / "serve.log", "wb") as log,
        subprocess.Popen([*command, "--device", "cpu"], stdout=log, stderr=log, env=environ) as server,
    ):
        try:
            _wait(f"http://127.0.0.1:{port}/health", server, folder / "serve.log")
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.kill()


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if server.poll() is not None:
            raise RuntimeError(f"the server ended: {log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"the server did not start: {log.read_text()[-2000:]}")


class Probabilities:
    """A model's own log-probabilities in the shapes of /completions (echo too) and /chat/completions."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self._model: Any = AutoModelForCausalLM.from_pretrained(folder)
        self._tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self.echo = True
        """whether it gives those of the prompt"""
        self.logs = True
        """whether it gives any"""
        self.most = 300
        """likeliest tokens that it lists, whatever is asked for"""

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and reply."""
        chat = path.endswith("/chat/completions")
        text = self._chat(body["messages"]) if chat else body["prompt"]
        ids = self._tokenizer(text, add_special_tokens=not chat).input_ids
        start = len(ids)
        for _ in range(body.get("max_tokens", 1)):
            with torch.no_grad():
                ids = [*ids, int(self._model(torch.tensor([ids])).logits[0, -1].argmax())]
        with torch.no_grad():
            logs = self._model(torch.tensor([ids])).logits[0].log_softmax(-1)
        written = self._tokenizer.decode(ids[start:])
        choice: dict[str, Any] = {"index": 0, "finish_reason": "length"}
        if chat:
            choice["message"] = {"role": "assistant", "content": written}
            choice["logprobs"] = {"content": [self._item(ids, logs, i) for i in range(start, len(ids))]}
        else:
            first = 0 if body.get("echo") and self.echo else start
            choice["text"] = written
            choice["logprobs"] = self._legacy(ids, logs, first)
        if not self.logs:
            choice["logprobs"] = None
        usage = {"prompt_tokens": start, "completion_tokens": len(ids) - start, "total_tokens": len(ids)}
        return 200, {"id": "1", "object": "x", "created": 1, "model": "tiny", "choices": [choice], "usage": usage}

    def _chat(self, messages: list[dict[str, str]]) -> str:
        return "".join(f"[{m['role']}]{m['content']}\n" for m in messages) + "[assistant]"

    def _tops(self, logs: torch.Tensor) -> dict[str, float]:
        best = logs.topk(min(self.most, len(logs)))
        return {self._text(i): v for i, v in zip(best.indices.tolist(), best.values.tolist(), strict=True)}

    def _text(self, token: int) -> str:
        return str(self._tokenizer.decode([token]))

    def _item(self, ids: list[int], logs: torch.Tensor, i: int) -> dict[str, Any]:
        tops = [{"token": t, "logprob": v, "bytes": None} for t, v in self._tops(logs[i - 1]).items()]
        return {"token": self._text(ids[i]), "logprob": float(logs[i - 1, ids[i]]), "bytes": None, "top_logprobs": tops}

    def _legacy(self, ids: list[int], logs: torch.Tensor, first: int) -> dict[str, Any]:
        tokens = [self._text(i) if i else "" for i in ids[first:]]
        offsets = [sum(map(len, tokens[:n])) for n in range(len(tokens))]
        tops = [self._tops(logs[i - 1]) if i else None for i in range(first, len(ids))]
        values = [float(logs[i - 1, ids[i]]) if i else None for i in range(first, len(ids))]
        return {"tokens": tokens, "text_offset": offsets, "top_logprobs": tops, "token_logprobs": values}


@contextmanager
def serving(model: Probabilities) -> Iterator[str]:
    """A server of it on a free port; its base url."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            status, reply = model.answer(self.path, body)
            found = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(found)))
            self.end_headers()
            self.wfile.write(found)

        def log_message(self, *args: object) -> None:
            pass

    with listening(Handler) as url:
        yield url
