"""Failure messages, refusals and reasoning told from explanations, and explanations that look like them left alone."""

from __future__ import annotations

import pytest
from neuronkb.ingest.explain.failures import EMPTY, MESSAGE, UNANSWERED, failure, spoken

SAID_NOTHING = """
Explanation could not be parsed.
Explanation generation failed (Timeout): no answer
The explanation could not be generated due to an internal error.
Error: rate limit exceeded
openai.RateLimitError: Error code: 429
ValueError: could not parse
Traceback (most recent call last):
Request timed out.
Timeout
HTTP 500: internal server error
{"error": {"message": "x"}}
An error occurred while generating the explanation.
Failed to generate explanation
No response
None
<explanation>
[Insert explanation here]
I need more examples to determine the pattern.
I'd need to see more examples.
I would need additional context to explain this.
Could you please provide more examples?
Please provide the text excerpts.
It looks like you haven't provided any examples.
As an AI language model, I cannot determine what this latent does.
I'm sorry, but I can't assist with that.
I’m sorry, but I can’t help with that request.
Sorry, I can't help.
I apologize, but the examples are unclear.
I was unable to identify a pattern.
Unable to determine a consistent pattern.
I don't see a clear pattern.
I do not see any clear pattern in these examples
**I don't see a clear pattern**
"No clear pattern."
No clear pattern found.
No discernible pattern
no consistent or meaningful pattern
There is no clear pattern in the given examples.
There doesn't seem to be a clear common theme among these activations.
It is difficult to determine a single pattern from these examples.
It's unclear what this neuron responds to.
The pattern is unclear.
The activations do not show a consistent pattern.
The provided examples don't seem to share a common theme.
The neuron does not appear to have a clear pattern.
Not enough information to determine the pattern.
Insufficient data.
More examples are needed.
Cannot be determined from these examples.
I am not sure what this neuron does.
Unfortunately, I cannot determine the pattern.
Based on the examples provided, I cannot identify a clear pattern.
Inconclusive.
Unclear.
""".strip().splitlines()

SAID_SOMETHING = """
months of the year
Errors that programs print.
error messages printed by compilers
Error handling code and exceptions
Exception handling (try/except)
HTTP status codes
404 and other status codes
timeouts in network code
Timeout and connection failure vocabulary
rate limits and quotas
failed attempts to do something
requests for more information
Response times of servers
the phrase "I cannot"
"I'm sorry" and other apologies
I'm sorry phrases and apologies
"unable to" followed by a verb
expressions of inability such as 'unable to' or 'cannot'
cannot and can't
null values in code
None or null in programming
unknown persons
unclear or ambiguous statements
not sure, uncertain language
insufficient funds
not enough data in scientific papers
need for more examples or evidence
no longer
no clear winner in elections
no clear evidence
difficult to find things
It is difficult to overstate
There is a pattern of plural nouns
There is no single clear pattern, but mostly month names
Please and thank you
Without any doubt
as an AI
I and other first-person pronouns
the examples in parentheses
<start> tokens
?
{
""".strip().splitlines()


@pytest.mark.parametrize("text", SAID_NOTHING)
def test_what_says_nothing_is_a_failure(text: str) -> None:
    assert failure(text) == MESSAGE


@pytest.mark.parametrize("text", SAID_SOMETHING)
def test_what_only_looks_like_a_failure_is_kept(text: str) -> None:
    assert failure(text) is None
    assert spoken(text) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<think>\nThe token is always a month.\n</think>\n\nmonths", "months"),
        ("<THINK>hm</THINK> months", "months"),
        ("The token is always a month.\n</think>\n\n[EXPLANATION]: months", "months"),
        ("<think>a</think>\n<think>b</think>\nmonths", "months"),
        ("[EXPLANATION]: months", "months"),
        ("**Explanation:** months", "months"),
        ("the <think> token", "the <think> token"),
        ("tokens <think> and </think>", "tokens <think> and </think>"),
    ],
)
def test_reasoning_and_labels_are_taken_off(text: str, said: str) -> None:
    assert failure(text) is None
    assert spoken(text) == said


@pytest.mark.parametrize("text", ["<think>\nOkay, let me look at", "<think>\nOkay\n</think>\n", "a\n</think>"])
def test_reasoning_without_an_answer_is_a_failure(text: str) -> None:
    assert failure(text) == UNANSWERED


def test_a_failure_inside_reasoning_does_not_count_and_after_it_does() -> None:
    assert failure("<think>\nI don't see a clear pattern. Oh!\n</think>\nmonths") is None
    assert failure("<think>\nmonths?\n</think>\nI don't see a clear pattern.") == MESSAGE
    assert failure("...") == failure(" ") == EMPTY
