"""What published names mean."""

from __future__ import annotations

import pytest
from neuronkb.ingest.probes.publications import collection, ewt_category, model_in, model_name, shape
from neuronkb.ingest.probes.published_job import feature_record


@pytest.mark.parametrize(
    ("published", "meant"),
    [
        ("pythia-70m", "EleutherAI/pythia-70m-v0"),
        ("pythia-2.8b", "EleutherAI/pythia-2.8b-v0"),
        ("EleutherAI/pythia-1b-v0", "EleutherAI/pythia-1b-v0"),
        ("pythia-70m-deduped", "pythia-70m-deduped"),
        ("gpt2-small", "gpt2-small"),
    ],
)
def test_the_checkpoint_a_table_means(published: str, meant: str) -> None:
    assert model_name(published) == meant


def test_a_model_in_the_name_of_a_file() -> None:
    assert model_in("pythia70m_prime_factor_neurons.csv") == "EleutherAI/pythia-70m-v0"
    assert model_in("all_neurons_pythia-6.9b.csv") == "EleutherAI/pythia-6.9b-v0"
    assert model_in("stanford-gpt2-small-a") is None
    assert model_in("pythia-70million") is None


@pytest.mark.parametrize(
    ("size", "neurons"), [("70m", 12_288), ("410m", 98_304), ("1.4b", 196_608), ("2.8b", 327_680), ("6.9b", 524_288)]
)
def test_sizes_give_the_published_number_of_neurons(size: str, neurons: int) -> None:
    found = shape(f"EleutherAI/pythia-{size}-v0")
    assert found.n_layers is not None
    assert found.d_mlp is not None
    assert found.n_layers * found.d_mlp == neurons
    assert shape("gpt2").n_layers is None


def test_features_by_their_usual_names() -> None:
    french = feature_record("natural_lang_id.pyth.512.-1", "fr")
    assert (french.id, french.name, french.aliases) == ("natural_lang_id.pyth.512.-1/fr", "is_french", ("french",))
    assert (french.category, french.aggregation) == ("natural_language", "mean")
    noun = feature_record("ewt.pyth.512.-1", "upos_NOUN")
    assert (noun.name, noun.category, noun.aggregation) == ("NOUN", "part_of_speech", "none")
    alive = feature_record("wikidata_is_alive.pyth.128.10000", "true")
    assert (alive.name, alive.category, alive.aggregation) == ("is_alive", "facts", "max")
    actor = feature_record("wikidata_occupation.pyth.128.30000", "actor")
    assert (actor.name, actor.category) == ("is_actor", "facts")
    code = [feature_record("programming_lang_id.pyth.512.-1", name) for name in ("C++", "Python")]
    assert [(one.name, one.aliases) for one in code] == [("C++", ("is_cpp",)), ("Python", ("is_python",))]
    assert feature_record("ewt.pyth.512.-1", "upos_PUNC").name == "PUNCT"
    assert feature_record("ewt.pyth.512.-1", "dep_cc").name == "cc"
    assert feature_record("ewt.pyth.512.-1", "Voice_Pass").name == "Voice_Pass"
    assert feature_record("natural_lang_id.pyth.512.-1", "xx").name == "xx"
    stranger = feature_record("mine", "f", "max")
    assert (stranger.name, stranger.category, stranger.aggregation, stranger.split) == (None, None, "max", None)


def test_categories() -> None:
    assert collection("wikidata") is not None
    assert collection("wikidatas") is None
    assert [ewt_category(name) for name in ("upos_X", "dep_cc", "Voice_Pass")] == [
        "part_of_speech",
        "dependency",
        "morphology",
    ]
