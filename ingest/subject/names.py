"""The names the dense families give to the parts of a layer."""

from __future__ import annotations

from typing import Literal

Role = Literal["gate", "up", "gate_up", "down"]

ROLES: dict[str, Role] = {
    "gate_proj": "gate",
    "w1": "gate",
    "up_proj": "up",
    "w3": "up",
    "c_fc": "up",
    "fc1": "up",
    "fc_in": "up",
    "dense_h_to_4h": "up",
    "gate_up_proj": "gate_up",
    "down_proj": "down",
    "w2": "down",
    "c_proj": "down",
    "fc2": "down",
    "fc_out": "down",
    "dense_4h_to_h": "down",
}
"""Module name -> what it is. `gate_up` stacks the gate rows on the up rows (Phi-3, GLM)."""

PRE_NORMS = ("pre_feedforward_layernorm", "ln_mlp", "ln_2", "post_attention_layernorm", "final_layer_norm")
"""The norm the MLP reads through, first found wins. Sequential models name it so."""

PARALLEL_NORMS = ("input_layernorm", "ln_1")
"""The norm that attention and MLP share in a parallel block (Phi, GPT-J, Cohere)."""

POST_NORMS = ("post_feedforward_layernorm", "post_mlp_layernorm")
"""The norm the MLP's output passes before it is added to the stream (Gemma 2 and 3, OLMo 2, GLM 4)."""

FINAL_NORMS = ("norm", "ln_f", "final_layernorm", "final_layer_norm", "final_norm")
EMBEDDINGS = ("embed_tokens", "wte", "embed_in", "word_embeddings", "tok_embeddings", "embeddings")
UNEMBEDDINGS = ("lm_head", "embed_out", "output")

CONTEXTS = ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length", "max_sequence_length")
"""What configs call the most tokens that the model reads."""

CONV1D = ("gpt2", "openai-gpt", "imagegpt")
"""Model types whose projections are stored `[in, out]`."""
