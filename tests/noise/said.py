"""What is said rather than kept in files: ids, addresses, options, replies of models, requests of agents."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import anyio
import click
import numpy as np
from neuronkb.ingest.explain.answers import read_explanation
from neuronkb.ingest.explain.simulators.written import read
from neuronkb.ingest.llm.replies import read_completion, read_tokens
from neuronkb.ingest.llm.server import Malformed
from neuronkb.kb.cli.listed import text_of
from neuronkb.kb.inputs.neurons import lines, spread
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.nouns.causal import Causal
from neuronkb.kb.nouns.clamp import Clamp
from neuronkb.kb.nouns.explanations import Explanations
from neuronkb.kb.nouns.lm_head import LmHead
from neuronkb.kb.parameter import Misread, Parameter
from neuronkb.kb.stores.neo4j_settings import check_uri
from neuronkb.kb.verb import Verb
from neuronkb.schema import NeuronId, NeuronKBError, digest
from neuronkb.schema.outside import is_text

from .mutate import of_json, plain
from .parser import Parser

REFUSED = (NeuronKBError, Misread, click.UsageError)
TOP = {"token": "a", "logprob": -1}
CHOICE = {
    "index": 0,
    "finish_reason": "stop",
    "message": {"role": "assistant", "content": "dogs"},
    "logprobs": {"content": [{**TOP, "top_logprobs": [TOP]}]},
}
USAGE = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
REPLY = {"id": "r", "object": "chat.completion", "created": 1, "model": "m", "choices": [CHOICE], "usage": USAGE}
REQUEST = {"name": "cypher", "arguments": {"query": "RETURN $x", "params": {"x": [1]}}}
CALL = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": REQUEST}
ODD = ("", "\ud800", "9" * 400, "9" * 5000, "\0", "٣", "²", "-", "1-999999999999", "[" * 5000, "://", "%", "\u2028")


def neuron(text: str) -> object:
    found = NeuronId.parse(text, model="m")
    assert NeuronId.parse(str(found)) == found
    return digest({"neuron": str(found)})


def option(method: Callable[..., Any], name: str) -> Parameter:
    """A parameter of a verb, as every door reads it."""
    return next(one for one in Verb("", method).parameters if one.name == name)


def listed(folder: Path) -> object:
    return list(spread([str(folder / "n.txt")])), list(lines(folder / "n.txt"))


def replied(folder: Path) -> object:
    """As the openai library reads it: unvalidated."""
    from openai.types.chat import ChatCompletion

    value = parsed(folder)
    reply = ChatCompletion.construct(**value) if isinstance(value, dict) and "self" not in value else value
    completion, tokens = read_completion(reply, ["\n"]), read_tokens(reply)
    assert completion.text is None or is_text(completion.text)
    said, _ = read_explanation(completion.text, base=False)
    return digest({"said": said}), tokens


def parsed(folder: Path) -> object:
    try:
        return json.loads((folder / "said").read_bytes())
    except RecursionError:
        # The library's own reading, which `Server.ask` takes for a malformed reply.
        raise Malformed("nested too deep") from None


def simulated(text: str) -> object:
    found = read(text, ["a", "b", "c"], Counter())
    assert np.all(np.isnan(found) | ((found >= 0) & (found <= 10)))
    return found


def requested(folder: Path) -> object:
    """A line to the MCP server: handed on, or answered with one line."""
    from neuronkb.kb.mcp.lines import Wire

    async def lines() -> tuple[list[str], bytes]:
        target = io.BytesIO()
        wire = Wire(io.BytesIO((folder / "said").read_bytes()), target)
        return [line async for line in wire], target.getvalue()

    handed, answered = anyio.run(lines)
    for line in handed:
        line.encode()
    return handed, [parsed_line(line) for line in answered.splitlines()]


def parsed_line(line: bytes) -> object:
    return json.loads(line)["error"]["message"]


def text(name: str, sample: str, read: Callable[[str], object]) -> Parser:
    def of_file(folder: Path) -> object:
        return read((folder / "said").read_bytes().decode("utf-8", "surrogatepass"))

    return Parser(name, {"said": sample.encode()}, of_file, spoken, named=False, refuses=REFUSED)


def spoken(data: bytes, random: Random) -> bytes:
    """A text with noise that is text still, halves of characters among it."""
    found = plain(data, random).decode("utf-8", "replace")
    odd = random.choice(ODD)
    at = random.randint(0, len(found))
    return (found[:at] + odd + found[at:]).encode("utf-8", "surrogatepass")


def parsers() -> list[Parser]:
    reply, call = json.dumps(REPLY).encode(), json.dumps(CALL).encode()
    lists = b"3 17\n3_18 # x\nm/L1/N2\n"
    return [
        text("neuron id", "google/gemma/L3/N17", neuron),
        text("address of a server", "bolt://localhost:7687", check_uri),
        text("option --layers", "0,3-5", option(LmHead.ingest, "layers").read),
        text("option --multiples", "0.5,1", option(Causal.ingest, "multiples").read),
        text("option --positions", "0,2,-1", option(Clamp.run, "positions").read),
        text("option --prices", "0.15,0.6", option(Explanations.ingest, "prices").read),
        text("option --params", 'x={"a": [1]}', option(KnowledgeBase.cypher, "params").read),
        text("values that a model wrote", "a\t3\nb\t10\nc\t0", simulated),
        Parser("list of neurons", {"n.txt": lists}, listed, plain, refuses=REFUSED, named=False),
        Parser("Cypher in a file", {"q": b"RETURN 1"}, lambda f: text_of(f / "q"), plain, refuses=REFUSED),
        Parser("reply of a model", {"said": reply}, replied, of_json, refuses=(Malformed, ValueError), named=False),
        Parser("request to the MCP server", {"said": call}, requested, of_json, named=False, share=0.5),
    ]
