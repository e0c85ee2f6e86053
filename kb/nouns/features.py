"""kb.features: see its class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ..kinds import LabelledTexts, Model, Seed, Source
from ..verb import Noun, verb

if TYPE_CHECKING:
    from ..inputs.features import FeatureRows

Folder = Annotated[Path | None, "Folder of the data sets, unless the store's"]


class Features(Noun):
    """Labelled texts that probes are fitted on: what there is, and how to make more."""

    @verb(needs="place")
    def list(
        self,
        names: Annotated[LabelledTexts, "Categories, features, or a JSONL file of your own"] = (),
        *,
        model: Model | None = None,
        out: Folder = None,
    ) -> FeatureRows:
        """The features that are built, with class balance and provenance; with a model, counted in its tokens.

        Raises FeatureError, ModelError.
        """
        from ..inputs.features import features, files_of

        files = None if model is None else files_of(self.session, model)
        return features(out or self.place.features, names, model=files, progress=self.progress)

    @verb(needs="place", writes=True)
    def build(
        self,
        categories: Annotated[Sequence[str], "Only these, unless all"] = (),
        *,
        source: Source = None,
        text: Annotated[str, "Column of a source's texts"] = "text",
        label: Annotated[str | None, "Column of a source's classes, unless label or language"] = None,
        group: Annotated[str, "Column of a source that names what stays on one side of a split"] = "group",
        seed: Seed = 0,
        out: Folder = None,
    ) -> FeatureRows:
        """Build the labelled texts of ten categories out of installed packages, or one of them from a source.

        Sources: CoNLL-U for part_of_speech, dependency and morphology; JSONL, Parquet, a data set or a folder with a
        folder a class for natural_language, programming_language and data_source; any texts for the others. Raises
        FeatureError.
        """
        from ..inputs.features import build_features

        return build_features(
            out or self.place.features,
            categories,
            source=source,
            text=text,
            label=label,
            group=group,
            seed=seed,
            progress=self.progress,
        )
