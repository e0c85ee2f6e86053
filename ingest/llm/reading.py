"""How a local model's tokenizer reads prompts, and where in their tokens a place of the text is."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from ...schema import LanguageModelError
from .candidates import Candidates, Path, paths_after
from .client import Message, Prompt, Slots


class Reader:
    """Text to tokens and back, as one tokenizer does it."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.chat = bool(getattr(tokenizer, "chat_template", None))

    def render(self, prompt: Prompt) -> tuple[str, bool]:
        """The prompt as one text, and whether it is to be read as it is, its special tokens written out.

        A conversation takes the tokenizer's template; without one its turns stand one below the other, unnamed.
        """
        if isinstance(prompt, str):
            return prompt, False
        if not self.chat:
            return "\n\n".join(message.text for message in prompt), False
        try:
            return self._templated(prompt), True
        except Exception as error:  # a template is a program of the model's makers and fails as it likes
            merged = _without_system(prompt)
            if merged == prompt:
                raise LanguageModelError(f"the chat template refuses the prompt: {str(error).strip()!r}") from None
            return self._templated(merged), True

    def encode(self, text: str, raw: bool = False) -> Path:
        """Tokens of a text, with what the tokenizer puts before one (not behind) unless `raw`."""
        ids = list(self.tokenizer(text, add_special_tokens=not raw).input_ids)
        return tuple(ids[:-1] if self._ends(ids, raw) else ids)

    def continuations(self, prompt: Prompt, continuations: Sequence[str]) -> tuple[Path, Candidates | None]:
        """Tokens before every continuation, and the continuations after those; None where they cannot be told apart."""
        text, raw = self.render(prompt)
        context = self.encode(text, raw)
        n, found = paths_after(context, [self.encode(text + one, raw) for one in continuations])
        return context[:n], found

    def slots(self, slots: Slots) -> tuple[Path, tuple[int, ...] | None]:
        """Tokens of the text, and how many stand before each slot; None where a token reaches across one."""
        read = self.tokenizer(slots.text, return_offsets_mapping=True)
        ids, spans = list(read.input_ids), list(read.offset_mapping)
        if self._ends(ids, False):
            ids, spans = ids[:-1], spans[:-1]
        ends = [end for _, end in spans]
        found = []
        for at in slots.at:
            n = bisect_right(ends, at)
            if n < len(spans) and spans[n][0] < at:
                return tuple(ids), None
            found.append(n)
        return tuple(ids), tuple(found)

    def after(self, character: str, continuations: Sequence[str]) -> Candidates | None:
        """The continuations' tokens behind a character; None where the tokenizer joins the two."""
        context = self.encode(f"a{character}")
        n, found = paths_after(context, [self.encode(f"a{character}{one}") for one in continuations])
        return found if n == len(context) else None

    def text(self, before: Path, written: Sequence[int]) -> str:
        """What was written, as it stands after the tokens before it: decoded alone, its first space would be lost."""
        start, whole = self._decode(before[-8:]), self._decode([*before[-8:], *written])
        return whole.removeprefix(start) if whole.startswith(start) else self._decode(written)

    def _decode(self, ids: Sequence[int]) -> str:
        text: str = self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text

    def _ends(self, ids: Sequence[int], raw: bool) -> bool:
        return not raw and len(ids) > 1 and ids[-1] in {self.tokenizer.eos_token_id, self.tokenizer.sep_token_id}

    def _templated(self, prompt: Sequence[Message]) -> str:
        turns = [{"role": message.role, "content": message.text} for message in prompt]
        begun = prompt[-1].role == "assistant"
        how = {"continue_final_message": True} if begun else {"add_generation_prompt": True}
        text: str = self.tokenizer.apply_chat_template(turns, tokenize=False, **how)
        return text


def _without_system(prompt: tuple[Message, ...]) -> tuple[Message, ...]:
    """The system's words at the head of the user's first turn: some templates know no system."""
    if len(prompt) < 2 or prompt[0].role != "system" or prompt[1].role != "user":
        return prompt
    return (Message("user", f"{prompt[0].text}\n\n{prompt[1].text}"), *prompt[2:])
