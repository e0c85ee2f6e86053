import pytest
from neuronkb.ingest.chosen import chosen
from neuronkb.ingest.corpus.settings import Settings as CorpusSettings
from neuronkb.ingest.lm_head.settings import Settings
from neuronkb.schema import CorpusError, ModelError


def test_defaults_a_mapping_and_settings_as_they_are() -> None:
    assert chosen(Settings, None, "it") == Settings()
    assert chosen(Settings, {"k": 3}, "it").k == 3
    made = Settings(k=4)
    assert chosen(Settings, made, "it") is made


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ModelError, match=r"unknown setting 'kk' of the LM-head decoding; known: k, convention"):
        Settings.of({"kk": 3})
    with pytest.raises(CorpusError, match=r"unknown setting 'size' of a corpus; known: length, bos"):
        CorpusSettings.of({"size": 3})
