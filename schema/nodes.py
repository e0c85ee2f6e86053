"""The node labels: what each one is and what it holds."""

from __future__ import annotations

from .property import Node, Property


def _id(doc: str) -> Property:
    return Property("id", "string", doc, required=True, index="unique")


RUN = Property("run", "string", "id of the Run that made it", required=True, index="range")
POLE = Property("pole", "int", "+1 or -1: which side of the hidden value (of the ranking, for decoded weights)")

_NODES = (
    Node(
        "Model",
        "A language model under one name and one set of weights.",
        (
            _id("hub id or slug"),
            Property("weights", "string", "sha256 over all tensors, or `unverified`"),
            Property("tokenizer", "string", "hash of the tokenizer's id -> bytes table", index="range"),
            Property("architecture", "string", "class name in the model's config"),
            Property("n_layers", "int", "transformer blocks"),
            Property("d_model", "int", "width of the residual stream"),
            Property("d_mlp", "int", "neurons a layer"),
            Property("d_vocab", "int", "rows of the unembedding"),
            Property("gated", "bool", "whether the MLP has a gate projection"),
        ),
        merged=True,
    ),
    Node(
        "Neuron",
        "One hidden unit of one MLP: the same unit read through its gate row, its up row or its down column.",
        (
            _id("`{model}/L{layer}/N{index}`"),
            Property("model", "string", "id of its Model", required=True, index="range"),
            Property("layer", "int", "0-based layer", required=True, index="range"),
            Property("index", "int", "0-based index in the layer", required=True),
        ),
    ),
    Node(
        "Source",
        "A dictionary of latents (SAE or transcoder) at one hook of a model.",
        (
            _id("`{model}/{source}`"),
            Property("kind", "string", "sae or transcoder"),
            Property("hook", "string", "where in the model it reads"),
            Property("hash", "string", "hash of its weights"),
        ),
        merged=True,
    ),
    Node(
        "Latent",
        "One unit of a dictionary; never merged with a neuron or with another dictionary's latent.",
        (
            _id("`{model}/{source}/{index}`"),
            Property("source", "string", "id of its Source", required=True, index="range"),
            Property("index", "int", "0-based index", required=True),
        ),
    ),
    Node(
        "Token",
        "One entry of a tokenizer's vocabulary; models with the same tokenizer share it.",
        (
            _id("`{tokenizer hash}/T{token}`"),
            Property("tokenizer", "string", "tokenizer hash", required=True),
            Property("token", "int", "the token's number", required=True),
            Property("text", "string", "decoded surface with leading space", index="range"),
            Property("special", "bool", "control or added token, never ordinary text"),
            Property("byte", "bool", "a byte, or a piece that is not whole UTF-8"),
            Property("unused", "bool", "a reserved slot such as `<unused7>` or padding of the table"),
            Property("untrained", "bool", "never trained, by its unembedding row, in the first model ingested"),
        ),
    ),
    Node(
        "Term",
        "A case-folded, stripped surface word: joins tokens of different tokenizers, features and explanations.",
        (_id("the word itself"),),
    ),
    Node(
        "Stats",
        "Numbers over one neuron's weights or activations.",
        (
            _id("`{neuron}/{kind}/{projection}/{pole}/{run}`"),
            Property("kind", "string", "weights or activations", required=True, index="range"),
            Property("projection", "string", "gate, up or down; null for activations"),
            POLE,
            RUN,
            Property("convention", "string", "folded or raw, for weights"),
            Property("norm", "float", "Euclidean norm of the decoded row"),
            Property("n", "int", "values counted (tokens of the vocabulary, or positions of the corpus)"),
            Property("mean", "float", "mean of pole x value"),
            Property("std", "float", "standard deviation"),
            Property("skewness", "float", "third standardised moment of pole x value"),
            Property("kurtosis", "float", "excess kurtosis"),
            Property("logsumexp", "float", "log of the sum of exp(pole x logit)"),
            Property("entropy", "float", "entropy of the softmax, nats"),
            Property(
                "coherence",
                "float",
                "mean pairwise cosine of the top tokens' centred unembedding rows",
                index="range",
            ),
            Property("distinct", "int", "different words with a letter among the top tokens"),
            Property("min", "float", "smallest value"),
            Property("max", "float", "largest value"),
            Property("nonzero", "float", "share of values above zero on this pole"),
            Property("quantiles", "floats", "thresholds at the quantiles the run names"),
            Property("histogram", "ints", "counts in the bins the run names"),
        ),
    ),
    Node(
        "Graph",
        "A Neuron-to-Graph model of one neuron.",
        (
            _id("`{neuron}/graph/{pole}/{run}`"),
            POLE,
            RUN,
            Property("precision", "float", "on held-out text"),
            Property("recall", "float", "on held-out text"),
            Property("f1", "float", "on held-out text"),
            Property("null", "float", "F1 of the baseline"),
        ),
    ),
    Node(
        "GraphNode",
        "One node of an N2G graph.",
        (
            _id("`{graph}/{number}`"),
            Property("token", "string", "its token's text"),
            Property("kind", "string", "activating, context or end"),
            Property("importance", "float", "drop in activation when masked"),
            Property("activation", "float", "normalised activation"),
            RUN,
        ),
    ),
    Node(
        "Feature",
        "A labelled property of text that a probe looks for.",
        (
            _id("`{dataset}/{feature}`"),
            Property("name", "string", "the feature", index="range"),
            Property("dataset", "string", "where its labels come from"),
        ),
        merged=True,
    ),
    Node(
        "Probe",
        "A fitted k-sparse probe.",
        (
            _id("`{feature}/{method}/{k}/{run}`"),
            Property("k", "int", "neurons it uses"),
            Property("method", "string", "how its neurons were chosen"),
            Property("f1", "float", "test F1"),
            Property("mcc", "float", "test Matthews correlation"),
            Property("null", "float", "the same score in a rotated basis"),
            RUN,
        ),
    ),
    Node(
        "Explanation",
        "A statement of what a neuron does, in words or as a predictor.",
        (
            _id("hash of its text, kind and explainer"),
            Property("kind", "string", "text, graph, token_table or decoded", required=True),
            Property("text", "string", "the statement", index="fulltext"),
            Property("explainer", "string", "model or method that wrote it"),
            Property("embedding", "floats", "sentence embedding of the text", index="vector"),
            RUN,
        ),
    ),
    Node(
        "Score",
        "How well an explanation predicts a neuron.",
        (
            _id("`{explanation}/{neuron}/{scorer}/{run}`"),
            Property("scorer", "string", "correlation, ablation, detection, fuzzing, embedding or human"),
            Property("formula", "string", "the formula's name"),
            Property("value", "float", "the score"),
            Property("null", "float", "the same score of the control"),
            Property("n", "int", "samples scored"),
            Property("failed", "int", "samples that could not be scored"),
            Property("split", "string", "which windows it was scored on"),
            RUN,
        ),
    ),
    Node(
        "Excerpt",
        "A token window of a corpus; one window is stored once however many neurons it is an example of.",
        (
            _id("hash of corpus, document and offset"),
            Property("corpus", "string", "corpus hash"),
            Property("document", "string", "document id"),
            Property("offset", "int", "first token's position in the document"),
            Property("text", "string", "the window as text"),
            Property("tokens", "strings", "the window's tokens"),
        ),
    ),
    Node(
        "Intervention",
        "One clamp of one neuron and what it changed.",
        (
            _id("`{neuron}/clamp/{site}/{pole}/{value}/{run}`"),
            Property("value", "float", "the value it was clamped to"),
            POLE,
            Property("site", "string", "gate, up or hidden"),
            Property("prompts", "string", "hash of the prompts"),
            Property("effect", "float", "change in log-probability of the decoded tokens"),
            Property("null_tokens", "float", "the same for frequency-matched tokens"),
            Property("null_neurons", "float", "the same tokens for matched neurons"),
            Property("kl", "float", "KL divergence of the next-token distribution, nats"),
            RUN,
        ),
    ),
    Node(
        "Finding",
        "What a person noted about neurons.",
        (
            _id("slug or hash"),
            Property("text", "string", "the finding", index="fulltext"),
            Property("author", "string", "who wrote it"),
            Property("created", "string", "ISO 8601 time"),
        ),
        merged=True,
    ),
    Node(
        "Run",
        "One job on one model: its parameters, inputs and code.",
        (
            _id("`{job}-{hash}`"),
            Property("job", "string", "such as lm-head or link", required=True, index="range"),
            Property("model", "string", "id of the Model", index="range"),
            Property("weights", "string", "hash of the weights it ran on"),
            Property("parameters", "string", "JSON of what determines the result"),
            Property("summary", "string", "JSON of what the job reports about the whole run"),
            Property("code", "string", "neuronkb version"),
            Property("schema", "int", "schema version"),
            Property("started", "string", "ISO 8601 time"),
            Property("ended", "string", "ISO 8601 time, when complete"),
        ),
        merged=True,
    ),
    Node(
        "Shard",
        "Bookkeeping: one file of a bundle that is in the store, or on its way.",
        (
            _id("`{run}/{table}/{shard}`"),
            RUN,
            Property("sha256", "string", "checksum of the file", index="range"),
            Property("rows", "int", "rows in it"),
            Property("state", "string", "started or done"),
        ),
        merged=True,
    ),
    Node(
        "Schema",
        "Bookkeeping: the one node that keeps the store's schema version.",
        (
            _id("`schema`"),
            Property("version", "int", "schema version", required=True),
            Property("statements", "string", "hash of the constraint and index statements that were run"),
        ),
        merged=True,
    ),
)

NODES: dict[str, Node] = {node.label: node for node in _NODES}
