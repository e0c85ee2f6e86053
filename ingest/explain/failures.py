"""Sentences that stand where an explanation should and say that there is none.

Told by structure first (no words, reasoning without an answer, an error's own form), then by a list of how explainers,
their programs and their servers say it. The list is meant to grow: one line of MESSAGES, REFUSALS or UNSEEN each.
"""

from __future__ import annotations

import re

MESSAGE = "no explanation: the explainer's failure message"
EMPTY = "no explanation: an empty text"
UNANSWERED = "no explanation: reasoning without an answer"

_WHOLE = frozenset(
    {
        "error",
        "explanation",
        "explanation here",
        "explanation not found",
        "failed",
        "insert explanation here",
        "n/a",
        "nan",
        "no explanation",
        "no explanation available",
        "no explanation could be generated",
        "no explanation found",
        "no explanation generated",
        "none",
        "null",
        "timeout",
        "unclear",
        "undefined",
        "unknown",
        "your explanation",
        "your explanation here",
    }
)
"""Whole texts, without the marks around them."""

MESSAGES = (
    r"error\s*[:!(\[]",
    r"error (code )?\d{3}\b",
    r"(an |the |api |server |internal |unknown |unexpected )+error (has )?occurred\b",
    r"error (while |when |in )?(generating|parsing|processing|calling|getting|fetching|making)\b",
    r"(the |an )?(explanation|explainer|generation|parsing|request|api call|completion|response)"
    r"( (generation|parsing|request|call|creation))? (has )?(failed|timed out|errored|was (blocked|empty|truncated))\b",
    r"(the |an )?(explanation|response|answer) (could|can) ?not be (parsed|generated|produced|created|found|read)\b",
    r"failed to (generate|parse|produce|create|explain|get|obtain|fetch|retrieve|call|connect)\b",
    r"(request |read |connection |gateway )?(timeout|timed out)( error)?\s*([:!(]|after\b|while\b|$)",
    r"(api |the )?rate limit (was |has been )?(exceeded|reached|error|hit)\b",
    r"(http|status)( error| code| status)? ?[:=]? ?[45]\d\d\b",
    r"traceback \(",
    r"([a-z_]+\.)*[a-z]*(error|exception)\s*[:(]",
    r"max(imum)? (retries|context length|number of tokens)\b.{0,20}\b(exceeded|reached|is)\b",
    r"(no|empty) (response|answer|output|completion)( (from|was|received|returned|by)\b|[.!]?$)",
)
"""What programs and servers write, at a text's beginning."""

_TELL = (
    r"( \w+ly)? (determine|identify|find|see|discern|provide|explain|assist|help|fulfil+|do|answer|generate|complete|"
    r"comply|tell|say|access|view|analy[sz]e|create|give|continue|engage|offer|infer|make|recogni[sz]e|detect|draw|"
    r"conclude|summari[sz]e|describe|produce|parse|spot|observe|deduce|establish|support|be|come|know|understand)"
)
_CANNOT = (
    r"(can't|cannot|can not|could not|couldn't|am unable to|are unable to|am not able to|was unable to|won't|will not)"
)
REFUSALS = (
    r"(i'?m|i am|we are|we're)( very| so| really)? sorry\s*([,.!;:—–-]|but\b|for\b|however\b|to\b|i\b|$)",
    r"sorry\s*[,.!;:—–-]?\s*(but )?(i|we)\b",
    rf"(i|we) {_CANNOT}{_TELL}\b",
    r"(i|we) apologi[sz]e\b",
    r"as an? (ai|artificial intelligence|(large )?language model)( (language )?(model|assistant))?\s*(,|i\b)",
    r"(i|we)( would|'d)? need (to see )?(some |a few |much )?(more|additional|further|the|better|other)\b",
    r"(please|could you|can you|kindly)( please)? (provide|share|give|supply|send|clarify|specify)\b",
    r"(it (looks|seems|appears) (like|that|as if|as though) )?(you|there) "
    r"(haven't|have not|didn't|did not|are no|were no|weren't|was no) .{0,40}"
    r"\b(examples?|activations?|text|data|excerpts?|tokens?|content)\b",
    r"(your|the|this) (request|content|prompt)\b.{0,30}\b(violates?|blocked|flagged|filtered|against)\b",
)
"""What a model says that will not, or lacks something, at a text's beginning."""

_CLEAR = (
    r"(clear|consistent|discernible|obvious|apparent|common|specific|single|coherent|identifiable|recogni[sz]able|"
    r"definite|distinct|meaningful|evident|strong|particular|unifying|shared|visible|interpretable|real)"
)
_PATTERN = (
    r"(patterns?|themes?|explanations?|concepts?|features?|trends?|links?|connections?|threads?|topics?|meanings?)"
)
_EXAMPLES = r"(examples?|activations?|texts?|excerpts?|tokens?|data|words|samples?|snippets)"
UNSEEN = (
    rf"(i|we) (do not|don't|did not|didn't|fail to|was not able to){_TELL}\b",
    r"(i|we) (do not|don't) have\b",
    r"(i|we)('m| am|'re| are)( \w+ly)? (not sure|unsure|uncertain|not certain|struggling to|having trouble)\b",
    rf"(unable|not able|not possible|impossible|failed) to{_TELL}\b",
    r"(can ?not|could not|couldn't|can't)( be)? (determined?|identif(y|ied)|inferr?(ed)?|discern(ed)?|found)\b",
    r"it(('s| is| was| would be)| remains)( \w+ly)? (unclear|not clear)\b",
    rf"it(('s| is| was| would be)| remains)( \w+ly)? (not possible|impossible|difficult|hard|tough) to{_TELL}\b",
    rf"(there (is|was|are|were|(seem|appear)s? to be) )?no( \w+)? ?({_CLEAR}[ ,]+(or |and )?)+(\w+ )?{_PATTERN}\b",
    rf"no {_PATTERN}\s*((is |was |were |are |could be |can be |has been )?"
    r"(found|identified|detected|visible|apparent|discernible|evident|seen|emerges?)|[.!]?$)",
    rf"there (do|does|did|is|are|was|were)(n't| not) .{{0,30}}\b{_PATTERN}\b",
    rf"the( \w+){{0,3}} {_EXAMPLES}\b.{{0,30}}\b(do|does|did)(n't| not) .{{0,40}}\b({_PATTERN}|in common|enough)\b",
    rf"(the|this) (neuron|latent|feature|unit|component)\b.{{0,40}}\b(no|not|lacks?)\b.{{0,30}}"
    rf"\b{_CLEAR} (\w+ )?{_PATTERN}\b",
    r"the (explanation|pattern|meaning|function|role|behaviou?r)( \w+){0,5} (is|remains|was) "
    r"(unclear|unknown|not clear|undetermined|uncertain|inconclusive|indeterminate)\b",
    r"(there (is|are|was|were) )?(insufficient|not enough|too few|too little|inadequate)( \w+)? "
    rf"({_EXAMPLES}|information|context|evidence)\s*(to\b|for\b|[.!]|$)",
    rf"(more|additional|further) ({_EXAMPLES}|context|information) (is|are|would be) (needed|required|necessary)\b",
    rf"without (more|additional|further|any) ({_EXAMPLES}|context|information)\b",
    r"(inconclusive|unclear|undetermined|indeterminate)\b.{0,20}([.!]|$|pattern)",
)
"""What a model says that saw nothing, at a text's beginning. A `but` in it may still say what it saw."""

_FIRM = re.compile("|".join((*MESSAGES, *REFUSALS)), re.IGNORECASE)
_SOFT = re.compile("|".join(UNSEEN), re.IGNORECASE)
_STILL = re.compile(
    r"\b(but|however|although|though|nevertheless|other than|except|besides|beyond|while)\b", re.IGNORECASE
)
_LEAD = re.compile(
    r"(unfortunately|regrettably|based on|given|after|from|looking at|considering|upon|with|okay|ok|well|hmm+)\b"
    r"[^,.;:]{0,100}[,.]+\s*",
    re.IGNORECASE,
)
_ERROR = re.compile(r"\{\s*\"(error|detail|message)\"\s*:")
_THOUGHT = re.compile(r"<(?P<ends>/?)(?:think|thinking|thought|reasoning|reflection)>", re.IGNORECASE)
_ENDS_LINE = re.compile(r"[ \t]*(\n|$|\[EXPLANATION\])")
_LABEL = re.compile(r"(\[explanation\]\s*:|\*\*explanation\s*:?\s*\*\*\s*:?|explanation\s*:)\s*", re.IGNORECASE)
_RAN_ON = re.compile(r"\n\s*Example \d+:|\[EXPLANATION\]:")
_AROUND = " \t\r\n*_#`.…!-–—"
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "<": ">", "[": "]", "(": ")", "{": "}"}


def failure(text: str) -> str | None:
    """Why a text is a failure's message instead of an explanation, or None."""
    if not text.strip():
        return EMPTY
    if not (said := spoken(text)):
        return UNANSWERED
    if not (bare := _bare(said.replace("’", "'"))):
        return EMPTY
    bare = bare[match.end() :] if (match := _LEAD.match(bare)) else bare
    if bare.casefold() in _WHOLE or _ERROR.match(said) or _FIRM.match(bare):
        return MESSAGE
    return MESSAGE if _SOFT.match(bare) and not _STILL.search(bare) else None


def spoken(text: str) -> str:
    """A text without its explainer's reasoning (`<think>` blocks, also without an end or a beginning) and without the
    label before its answer."""
    said = _answered(text).strip()
    return said[match.end() :].strip() if (match := _LABEL.match(said)) else said


def statement(text: str) -> str:
    """A text without what its explainer went on to write: further examples and explanations, as its prompt has them."""
    return _RAN_ON.split(text, maxsplit=1)[0].strip() or text


def _answered(text: str) -> str:
    """What stands outside of reasoning. A tag inside a sentence is the sentence's own."""
    kept, begin, opened, inline = "", 0, None, 0
    for mark in _THOUGHT.finditer(text):
        if not mark["ends"]:
            if opened is None and not _begins_line(text, mark.start()):
                inline += 1
            opened = opened or (mark if _begins_line(text, mark.start()) else None)
        elif opened is not None:
            kept, begin, opened = kept + text[begin : opened.start()], mark.end(), None
        elif inline:
            inline -= 1
        elif _ENDS_LINE.match(text, mark.end()):
            kept, begin = "", mark.end()
    if opened is not None and _ENDS_LINE.match(text, opened.end()):
        return kept + text[begin : opened.start()]
    return kept + text[begin:]


def _begins_line(text: str, at: int) -> bool:
    return not text[text.rfind("\n", 0, at) + 1 : at].strip()


def _bare(text: str) -> str:
    """A text without marks and quotes around the whole of it."""
    bare = text.strip(_AROUND).lstrip("> ")
    while len(bare) > 1 and _QUOTES.get(bare[0]) == bare[-1] and bare[0] not in bare[1:-1]:
        bare = bare[1:-1].strip(_AROUND)
    return bare
