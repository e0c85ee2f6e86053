"""The one object users hold: a store, and every verb the command line has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack

from ..ingest.bundle import Bundle
from ..ingest.job import Progress, silent
from ..queries import (
    CausalReport,
    Concept,
    Detection,
    Diff,
    FeatureProbes,
    NeuronCard,
    ProbeReport,
    Result,
    Side,
    by_feature,
    causal_report,
    diff_models,
    feature_probes,
    probe_report,
)
from ..queries import query as catalogued
from ..queries.answers import find as finder
from ..queries.answers import neuron as neurons
from ..queries.answers.agree import AgreeReport
from ..queries.answers.disagree import DisagreeReport
from ..queries.answers.feeds import Feed
from ..queries.answers.graphs import by_graph, graph_report
from ..queries.answers.similar import Neighbour
from ..queries.answers.subgraph import subgraph
from ..queries.catalogue.corpora import corpora, rests_on
from ..schema import NeuronId, QueryError
from ..schema.numbers import check_number
from .inputs import features as featuring
from .inputs.corpora import Reading
from .inputs.features import FeatureRow
from .inputs.layers import KnownLayers
from .inputs.models import find_subject, located
from .inputs.neurons import Given
from .inputs.tails import left_out
from .jobs import agree as agreeing
from .jobs import embed as embedding
from .jobs import feeds as feeding
from .jobs import import_explanations as published
from .jobs import import_probes as importing
from .jobs import links as linking
from .jobs import match as matching
from .jobs.embed import EmbeddingReport
from .jobs.explanations import Explanations
from .jobs.import_explanations import ExplanationsReport
from .jobs.import_probes import ImportReport
from .jobs.links import LinkReport
from .jobs.match import MatchReport
from .load.known_runs import bundle_for
from .load.loader import LoadReport, load_all
from .load.runs import Clash, remove_run
from .load.soundness import Soundness, check_store
from .load.write import write_and_load
from .nouns import catalogue as asking
from .nouns import clamp as clamping
from .nouns import n2g as graphing
from .nouns import similar as likeness
from .nouns.clamp import ClampReport, Held
from .nouns.findings import Findings
from .nouns.n2g import GraphCard, GraphImport, Prediction
from .nouns.ratings import Ratings
from .nouns.search import Search, SearchOptions
from .place import POSITIONS, Place, default_store
from .search.records import Found
from .stores import open_store
from .stores.base import Status, Store

if TYPE_CHECKING:
    import networkx as nx

    from ..ingest.explain.published.items import Format
    from ..ingest.probes.ablation import Ablation


class KnowledgeBase:
    """A graph of neurons and what is known of them.

    Open one with `KnowledgeBase.open(...)`; it is a context manager.
    """

    def __init__(self, store: Store, where: str) -> None:
        self.store = store
        self.place = Place(where)

    @classmethod
    def open(
        cls,
        where: str | Path | None = None,
        *,
        create: bool = True,
        heap: str | None = None,
        user: str | None = None,
        password: str | None = None,
        database: str | None = None,
        progress: Progress = silent,
    ) -> Self:
        """Open a store: a folder, a Bolt URI, or the default store (NEURONKB_STORE, ./.neuronkb, user data).

        A folder that is none becomes one, or without `create` is refused with a StoreError. One that an older release
        made is brought to this release's schema, of which `progress` is told. Raises VersionError for one that a newer
        release made.
        """
        named = str(where) if where is not None else default_store()
        store = open_store(
            named, create=create, heap=heap, user=user, password=password, database=database, told=progress
        )
        return cls(store, named)

    @property
    def where(self) -> str:
        """The folder or Bolt URI of the store."""
        return self.place.where

    @cached_property
    def findings(self) -> Findings:
        """Notes about neurons, and what became of them in fine-tunes: add, list, show, carry, remove."""
        return Findings(self.store, self.place)

    def cypher(
        self,
        text: str,
        params: Mapping[str, Any] | None = None,
        /,
        *,
        timeout: float | None = 30.0,
        limit: int | None = 1000,
        **more: Any,
    ) -> Result:
        """Run Cypher that cannot write; parameters as a mapping or by keyword.

        `timeout` in seconds, `limit` in rows, None lifts either. An empty result's `warnings` name labels and types
        that the schema does not know. Raises QueryError, ReadOnlyError or LimitError.
        """
        check_number("timeout", timeout, QueryError, least=0)
        check_number("limit", limit, QueryError, least=0)
        return asking.read(self.store, text, {**(params or {}), **more}, timeout=timeout, limit=limit)

    def run(self, name: str, /, *, timeout: float | None = 60.0, limit: int | None = None, **params: Any) -> Result:
        """A query of the catalogue by name: docs/queries.md, or `neuronkb queries list`, has all with their parameters.

        Raises QueryError for an unknown name, a wrong parameter, or evidence that is not in the store.
        """
        return asking.run(self.store, name, params, timeout=timeout, limit=limit)

    def agree(self, model: str, **options: Any) -> AgreeReport:
        """Neurons that independent methods name in the same words, beside what chance would give.

        Worked out and stored when first asked of a model, and again where evidence came or went; with `runs`, another
        `share`, or `layers` of a model of which nothing is stored, worked out for the answer alone. Options are those
        of `queries.answers.agree.agreements`. Raises QueryError, or StoreBusyError while evidence comes in.
        """
        return agreeing.agree(self.store, self.place, model, **options)

    def disagree(self, model: str, **options: Any) -> DisagreeReport:
        """Neurons of which methods contradict each other: the same words on opposite sides, clamps that push the other
        way, clear statements without a word in common. Stored as `agree` is; options are those of
        `queries.answers.disagree.disagreements`."""
        return agreeing.disagree(self.store, self.place, model, **options)

    def subgraph(self, neuron: str, hops: int = 1, *, each: int = 10, most: int = 500) -> nx.MultiDiGraph[str]:
        """What is around a neuron as a networkx graph: nodes by id with their labels and properties, up to `hops` steps
        away, of each node and relationship type the `each` strongest, `most` nodes at most."""
        return subgraph(self.store, NeuronId.parse(neuron), hops, each, most)

    def neuron(self, name: str) -> NeuronCard:
        """All that is known of one neuron, named in any of the forms NeuronId.parse reads."""
        return neurons.card(self.store, NeuronId.parse(name))

    def find(
        self, token: str, *, exact: bool = False, model: str | None = None, run: str | None = None, top: int = 20
    ) -> Result:
        """Neurons that decode to a word in any spelling, or to one exact token text, by z-score."""
        return finder.by_token(self.store, token, exact=exact, model=model, run=run, top=top)

    def find_words(
        self, words: Sequence[str], *, least: int = 3, model: str | None = None, run: str | None = None, top: int = 20
    ) -> list[Side]:
        """Neuron sides that name most of the words, beside what chance would bring."""
        return finder.by_words(self.store, words, least=least, model=model, run=run, top=top)

    def coherent(
        self, *, least: float = 0.3, model: str | None = None, run: str | None = None, top: int = 20
    ) -> list[Side]:
        """Neuron sides whose top tokens are different words that lie close together."""
        return finder.coherent(self.store, least=least, model=model, run=run, top=top)

    def concepts(
        self, names: Sequence[str] = (), *, model: str | None = None, run: str | None = None, top: int = 1
    ) -> list[Concept]:
        """The neuron sides that name most words of each shipped word list."""
        return finder.concepts(self.store, names, model=model, run=run, top=top)

    def find_feature(
        self,
        feature: str,
        *,
        least: float | None = None,
        model: str | None = None,
        run: str | None = None,
        top: int = 20,
    ) -> list[Detection]:
        """Neurons that alone tell a feature (by name, alias or id) with an F1 of at least `least`, best first."""
        return by_feature(self.store, feature, least=least, model=model, run=run, top=top)

    def probe(self, feature: str, *, model: str | None = None, run: str | None = None) -> FeatureProbes:
        """The best neurons for a feature by layer and model, and F1 against the neurons a probe may use."""
        return feature_probes(self.store, feature, model=model, run=run)

    def probe_report(
        self, model: str, *, run: str | None = None, high: float = 0.9, low: float = 0.5, top: int = 20
    ) -> ProbeReport:
        """The best neuron for each feature and layer of a model, and those that tell one feature only, or several."""
        return probe_report(self.store, model, run=run, high=high, low=low, top=top)

    @cached_property
    def ratings(self) -> Ratings:
        """Explanations rated by people: what they are shown, what they gave, how they agree."""
        return Ratings(self.store, self.place)

    @cached_property
    def explanations(self) -> Explanations:
        """Explanations of neurons: written by a language model and scored, shown, reported."""
        return Explanations(self.store, self.place)

    def models(self) -> Result:
        """The models in the store."""
        return catalogued("models").run(self.store)

    def runs(self, job: str | None = None, model: str | None = None) -> Result:
        """The runs in the store, with what their corpora are called (`corpora`)."""
        found, called = catalogued("runs").run(self.store, job=job, model=model), self.corpora()
        rows = [(*row, called.get(row[0])) for row in found.rows]
        return replace(found, columns=(*found.columns, "corpus"), rows=rows)

    def corpora(self) -> dict[str, str]:
        """What the corpus is called that a run read, by run: its sources, or the first digits of its hash."""
        return corpora(self.store)

    def ingest_lm_head(
        self,
        model: str | Path,
        *,
        name: str | None = None,
        layers: Sequence[int] | None = None,
        order: Literal["first", "last"] = "first",
        settings: Mapping[str, Any] | None = None,
        clash: Clash = "refuse",
        out: Path | None = None,
        progress: Progress = silent,
        loaded: Callable[[str], None] | None = None,
    ) -> LoadReport:
        """Decode every neuron of a model through its unembedding, and load the evidence layer by layer.

        `model` is a hub id, a folder or a model of the store, `name` what the graph calls it; `settings` are those of
        `ingest.lm_head.Settings`. Needs the `models` extra.
        """
        from ..ingest.lm_head.job import LmHeadJob

        model, name = located(self.store, model, name)
        job = LmHeadJob.open(
            model,
            name=name,
            layers=layers,
            order=order,
            settings=settings,
            reuse=KnownLayers(self.place.bundles),
            progress=progress,
        )
        folder = bundle_for(job, self.store, self.place, out)
        return write_and_load(job, self.store, folder, clash=clash, progress=progress, loaded=loaded)

    def ingest_activations(
        self,
        model: str | Path,
        corpus: str | Path | Sequence[str | Path],
        *,
        name: str | None = None,
        layers: Sequence[int] | None = None,
        field: str | None = None,
        id: str | None = None,
        split: str = "train",
        tails: bool | None = None,
        roles: bool = False,
        windows: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        clash: Clash = "refuse",
        out: Path | None = None,
        progress: Progress = silent,
        loaded: Callable[[str], None] | None = None,
    ) -> LoadReport:
        """Run a corpus through a model once, and load what every neuron does on it: statistics, examples, tokens.

        `corpus` names texts (files, folders, tables, `-`, a dataset) or the folder of a built corpus; `field`, `id` and
        `split` say where rows keep them, as in `ingest.corpus.read_documents`. `tails`, whether short texts and the
        ends of texts are read, is yes unless the store holds runs over these texts without. With `roles` there are
        statistics by role too, of the turns of chats. `windows` are the `ingest.corpus.Settings`, `settings` those of
        `ingest.activations.settings`. An interrupted run goes on where it was. Needs the `models` extra. Raises
        ModelError, CorpusError.
        """
        from .jobs.activations import activations_job

        model, name = located(self.store, model, name)
        sources = [corpus] if isinstance(corpus, str | Path) else list(corpus)
        reading = Reading(field, id, split, tails)
        job = activations_job(
            self.store,
            self.place,
            model,
            sources,
            name,
            layers,
            reading,
            dict(windows or {}),
            {**(settings or {}), **({"roles": True} if roles else {})},
            progress,
        )
        folder = bundle_for(job, self.store, self.place, out)
        report = write_and_load(job, self.store, folder, clash=clash, progress=progress, loaded=loaded)
        return replace(report, notes=reading.notes(job.corpus))

    def ingest_clamp(
        self,
        model: str | Path,
        *,
        top: int = 200,
        neurons: Sequence[str] = (),
        prompts: str | Path | Sequence[str] | None = None,
        maxima: str = "corpus",
        settings: Mapping[str, Any] | None = None,
        clash: Clash = "refuse",
        out: Path | None = None,
        progress: Progress = silent,
        loaded: Callable[[str], None] | None = None,
    ) -> LoadReport:
        """Clamp neurons to multiples of their observed maximum and load what became of their decoded tokens.

        `model` is a folder, a hub id or a model of the store, decoded there; `neurons` are ids, each with a side such
        as L3/N17:down- or for all its sides, else the `top` clearest sides of all layers and projections; `prompts` a
        file or texts, else the shipped ones. `maxima` are those of the newest corpus pass (`corpus`), measured on the
        `prompts`, or of the corpus pass of the model named, such as a fine-tune's base. `settings` are those of
        `ingest.causal.settings`. `causal` reads the result. Needs the `models` extra. Raises ModelError, IdError,
        QueryError.
        """
        from .jobs.causal import clamp_job

        job = clamp_job(self.store, model, top, neurons, prompts, maxima, dict(settings or {}), progress)
        folder = bundle_for(job, self.store, self.place, out)
        report = write_and_load(job, self.store, folder, clash=clash, progress=progress, loaded=loaded)
        return replace(report, notes=rests_on(self.store, job.run.model, job.run.derived_from))

    def causal(self, model: str | None = None, *, run: str | None = None) -> CausalReport:
        """Do neurons write what they decode to? What `ingest_clamp` found, beside both nulls: a model's newest run,
        or the run named. Raises QueryError."""
        return causal_report(self.store, model, run)

    def ingest_probes(
        self,
        model: str | Path,
        features: Sequence[str] = (),
        *,
        name: str | None = None,
        layers: Sequence[int] | None = None,
        settings: Mapping[str, Any] | None = None,
        clash: Clash = "refuse",
        out: Path | None = None,
        progress: Progress = silent,
        loaded: Callable[[str], None] | None = None,
    ) -> LoadReport:
        """Probe every neuron of a model for labelled features, and load the evidence layer by layer.

        `features` are categories, single features or JSONL files of labelled texts; all categories unless given, those
        not built yet being built first. `settings` are those of `ingest.probes.settings`. Needs the `models` and
        `probes` extras. Raises FeatureError, ModelError.
        """
        from .jobs.probes import probes_job, same_texts

        model, name = located(self.store, model, name)
        job = probes_job(self.place, model, features, name, layers, dict(settings or {}), progress)
        folder = bundle_for(job, self.store, self.place, out)
        same_texts(job, folder)
        return write_and_load(job, self.store, folder, clash=clash, progress=progress, loaded=loaded)

    def ablate_feature(
        self,
        model: str | Path,
        feature: str,
        neuron: str | None = None,
        *,
        windows: int = 24,
        controls: int = 5,
        dtype: str = "auto",
        device: str = "auto",
        progress: Progress = silent,
    ) -> Ablation:
        """What a model's next-token loss gains, on text with a feature and without, when a neuron is held at 0.

        `neuron` is the best known for the feature unless given. The rest is as in `ingest.probes.ablation`. Needs the
        `models` and `probes` extras. Raises FeatureError, QueryError, ModelError.
        """
        from .jobs.probes import ablated

        return ablated(
            self.store, self.place, model, feature, neuron, windows, controls, dtype, device, progress=progress
        )

    def build_features(
        self,
        categories: Sequence[str] = (),
        *,
        source: str | Path | None = None,
        text: str = "text",
        label: str | None = None,
        group: str = "group",
        seed: int = 0,
        out: Path | None = None,
        progress: Progress = silent,
    ) -> list[FeatureRow]:
        """Build the labelled texts of categories, all unless given: from installed packages, or one from `source`.

        `text`, `label` and `group` are columns of a source. Raises FeatureError.
        """
        return featuring.build_features(
            out or self.place.features,
            categories,
            source=source,
            text=text,
            label=label,
            group=group,
            seed=seed,
            progress=progress,
        )

    def features(
        self, names: Sequence[str] = (), *, model: str | Path | None = None, progress: Progress = silent
    ) -> list[FeatureRow]:
        """The features that are built, or those named by category, feature or file; in the tokens of `model`.

        Raises FeatureError, ModelError.
        """
        files = None if model is None else located(self.store, model)[0]
        return featuring.features(self.place.features, names, model=files, progress=progress)

    def load(self, bundle: Bundle | str | Path, *, clash: Clash = "refuse", progress: Progress = silent) -> LoadReport:
        """Load a bundle; the same bundle twice changes nothing."""
        return self.load_all([bundle], clash=clash, progress=progress)[0]

    def load_all(
        self, bundles: Sequence[Bundle | str | Path], *, clash: Clash = "refuse", progress: Progress = silent
    ) -> list[LoadReport]:
        """Load bundles in whatever order they are named; nothing is written before all of them are checked.

        Raises BundleError, SchemaError, RunError or WeightsError.
        """
        opened = [bundle if isinstance(bundle, Bundle) else Bundle.open(bundle) for bundle in bundles]
        return load_all(self.store, opened, progress, clash)

    def import_probes(
        self,
        files: str | Path | Sequence[str | Path],
        *,
        model: str | None = None,
        dataset: str | None = None,
        feature: str | None = None,
        clash: Clash = "refuse",
        progress: Progress = silent,
    ) -> ImportReport:
        """Load published tables of single-neuron probes, CSV files or folders of them, flagged as imported.

        `model` says which model all of them mean, `dataset` and `feature` what tables mean that do not say it. A run a
        file and model, on weights `unverified`. The report accounts for every row. Raises PublishedError.
        """
        paths = [Path(each) for each in ([files] if isinstance(files, str | Path) else files)]
        return importing.import_probes(self.store, self.place, paths, model, dataset, feature, clash, progress)

    def ingest_n2g(
        self,
        model: str | Path,
        corpus: str | Path | Sequence[str | Path],
        *,
        name: str | None = None,
        layers: Sequence[int] | None = None,
        neurons: Given | None = None,
        field: str | None = None,
        id: str | None = None,
        split: str = "train",
        tails: bool | None = None,
        windows: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        clash: Clash = "refuse",
        out: Path | None = None,
        progress: Progress = silent,
    ) -> LoadReport:
        """Build and judge the Neuron-to-Graph graphs of a model's neurons on a corpus, load them layer by layer, and
        join each neuron to those whose graphs are most like its own.

        `neurons` are ids, pairs of layer and index, or a file of either, all of `layers` unless given; the rest is as
        in `ingest_activations`, `settings` those of `ingest.n2g.settings`. Needs the `models` extra. Raises IdError,
        ModelError, CorpusError.
        """
        model, name = located(self.store, model, name)
        sources = [corpus] if isinstance(corpus, str | Path) else list(corpus)
        reading = Reading(field, id, split, tails)
        job = graphing.n2g_job(
            self.store,
            self.place,
            model,
            sources,
            name,
            layers,
            neurons,
            reading,
            dict(windows or {}),
            dict(settings or {}),
            progress,
        )
        folder = job.bundle = bundle_for(job, self.store, self.place, out)
        report = write_and_load(job, self.store, folder, clash=clash, progress=progress)
        return replace(report, notes=reading.notes(job.corpus))

    def import_n2g(
        self,
        folder: str | Path,
        *,
        model: str | None = None,
        clash: Clash = "refuse",
        progress: Progress = silent,
    ) -> GraphImport:
        """Load a folder that the published N2G script wrote, flagged as imported, on weights `unverified`.

        `model` says which model is meant, the folder's name unless given. Raises PublishedError.
        """
        return graphing.import_graphs(self.store, self.place, Path(folder), model, clash, progress)

    def import_explanations(
        self,
        paths: str | Path | Sequence[str | Path],
        *,
        format: Format | None = None,
        model: str | None = None,
        source: str | None = None,
        explainer: str | None = None,
        embed: bool = True,
        clash: Clash = "refuse",
        progress: Progress = silent,
    ) -> ExplanationsReport:
        """Load published explanations, scores and example windows, flagged as imported, on weights `unverified`.

        `format` is openai, delphi or neuronpedia (SAEDashboard's too), told by the files unless given; `model`,
        `source` (the dictionary) and `explainer` say what files mean that do not. Texts are embedded unless `embed` is
        false. Nothing is loaded when a file is damaged; the report accounts for all that was read. Raises
        PublishedError.
        """
        files = [Path(each) for each in ([paths] if isinstance(paths, str | Path) else paths)]
        asked = {"model": model, "source": source, "explainer": explainer}
        return published.import_explanations(self.store, self.place, files, format, asked, embed, clash, progress)

    def embed_explanations(self, model: str | Path | None = None, *, progress: Progress = silent) -> EmbeddingReport:
        """Embed the texts of explanations that `model` has not embedded, and make the vector index over them.

        `model` is a sentence-transformers folder or hub id, else NEURONKB_EMBEDDER, else the packaged MiniLM. Needs
        the `embeddings` extra. Raises ModelError.
        """
        return embedding.embed_explanations(self.store, model, progress)

    def graphs(self, neuron: str, *, run: str | None = None) -> list[GraphCard]:
        """A neuron's N2G graphs with their nodes. Raises ModelError where there is none."""
        return graphing.graph_cards(self.store, NeuronId.parse(neuron), run)

    def predict_n2g(self, neuron: str, text: str, *, run: str | None = None) -> list[Prediction]:
        """What a neuron's N2G graphs say of a text, token by token. Needs the `models` extra."""
        return graphing.predict(self.store, self.place, NeuronId.parse(neuron), text, run)

    def n2g_report(self, model: str, *, run: str | None = None) -> Result:
        """N2G graphs of a model by layer: counts, and mean scores beside the lookups'."""
        return graph_report(self.store, model, run)

    def find_graph(
        self,
        activates_on: str | None = None,
        context: str | None = None,
        *,
        exact: bool = False,
        model: str | None = None,
        run: str | None = None,
        top: int = 20,
    ) -> Result:
        """Neurons whose N2G graph fires on a word, needs a word as context, or both."""
        return by_graph(self.store, activates_on, context, exact=exact, model=model, run=run, top=top)

    def link(
        self,
        base: str,
        tuned: str,
        *,
        layers: Sequence[int] | None = None,
        corpus: Sequence[str | Path] = (),
        field: str | None = None,
        id: str | None = None,
        split: str = "train",
        tails: bool | None = None,
        positions: int = POSITIONS,
        base_weights: str | None = None,
        tuned_weights: str | None = None,
        clash: Clash = "refuse",
        progress: Progress = silent,
    ) -> LinkReport:
        """Link a fine-tune to its base, neuron by neuron; both are models of the store. Needs the `models` extra.

        Of `layers` alone where they are given: the others can be linked later. With a `corpus` both models read the
        same text (`field`, `id`, `split` and `tails` as in `ingest_activations`), `positions` places at most, and each
        neuron's activations are correlated; such a link takes the place of one without.
        """
        weights = (base_weights, tuned_weights)
        text = linking.Text(list(corpus), Reading(field, id, split, tails), positions) if corpus else None
        job = linking.link_job(self.store, self.place, base, tuned, weights, layers, text)
        folder = bundle_for(job, self.store, self.place)
        how = linking.settled(self.store, job, clash)
        report = write_and_load(job, self.store, folder, clash=how, progress=progress)
        if job.drift is not None:
            report = replace(report, notes=left_out(job.drift.text.tails, tails))
        return LinkReport(report, job.mean_cosine, linking.warnings(job))

    def match(
        self,
        model: str | Path,
        other: str | Path,
        *,
        corpus: Sequence[str | Path] = (),
        field: str | None = None,
        id: str | None = None,
        split: str = "train",
        tails: bool | None = None,
        settings: Mapping[str, Any] | None = None,
        clash: Clash = "refuse",
        progress: Progress = silent,
    ) -> MatchReport:
        """Find, for every neuron of two models, the nearest of the other's by one measure, and load them both ways.

        Models are folders, hub ids or models of the store; `corpus` is the text of the measure `activation`, read by
        `field`, `id`, `split` and `tails` as in `ingest_activations`; `settings` are those of
        `ingest.similar.settings`. Interrupted runs go on. Needs the `models` extra. Raises LinkError.
        """
        asked, reading = settings or {}, Reading(field, id, split, tails)
        return matching.match_models(
            self.store, self.place, model, other, list(corpus), reading, asked, clash, progress
        )

    def similar(
        self,
        neuron: str,
        by: str | None = None,
        *,
        model: str | Path | None = None,
        top: int = 10,
        device: str = "auto",
    ) -> list[Neighbour]:
        """The neurons most like one: as matches stored them, else by `by` (weights unless given) worked out now.

        `model` is the model whose neurons are looked through, the neuron's own unless given. Raises QueryError with the
        job that makes what cannot be worked out for one neuron alone, LinkError.
        """
        return likeness.similar(self.store, self.place, NeuronId.parse(neuron), by, model, top, device)

    def ingest_feeds(
        self,
        model: str | Path,
        *,
        layers: Sequence[int] | None = None,
        settings: Mapping[str, Any] | None = None,
        clash: Clash = "refuse",
        progress: Progress = silent,
    ) -> LoadReport:
        """Find which later neurons every neuron of a model drives most, and which earlier ones drive it, and load them.

        `settings` are those of `ingest.feeds.settings`. Needs the `models` extra. Raises ModelError, LinkError.
        """
        job = feeding.feeds_job(self.store, self.place, model, layers, settings or {})
        folder = bundle_for(job, self.store, self.place)
        return write_and_load(job, self.store, folder, clash=clash, progress=progress)

    def feeds(self, neuron: str, *, run: str | None = None, top: int = 10) -> list[Feed]:
        """What a neuron drives downstream and what drives it, `top` each way and projection. Raises QueryError."""
        return feeding.feeds_of(self.store, NeuronId.parse(neuron), run, top)

    def diff(self, base: str, tuned: str, *, top: int = 10) -> Diff:
        """What a fine-tune kept of its base, by layer and projection, and the neurons it changed most."""
        return diff_models(self.store, base, tuned, top=top)

    def clamp(
        self,
        model: str | Path,
        neurons: Sequence[str],
        prompt: str,
        *,
        value: float | Sequence[float] = (),
        how: Held = "set",
        site: str = "hidden",
        positions: Sequence[int] | None = None,
        tokens: int = 30,
        top: int = 10,
        sample: int | None = None,
        chat: bool = False,
        dtype: str = "auto",
        device: str = "auto",
        progress: Progress = silent,
    ) -> ClampReport:
        """How a model goes on from a prompt with neurons clamped and without, beside what they decode to.

        `model` is a folder, a hub id or a model of the store; `value` one number for all neurons or one each, in units
        of the value at `site`, not given for the ablations `zero` and `mean`; `positions` those of the prompt, all and
        the written tokens' unless given. The rest is as in `ingest.subject.continuation`. Needs the `models` extra.
        """
        from ..ingest.subject.continuation import continuations
        from ..ingest.subject.live import LiveModel

        progress("loading the model", 0, 2)
        subject = find_subject(self.store, model)
        values = [value] if isinstance(value, int | float) else list(value)
        asked = clamping.ask(self.store, neurons, subject, str(model), values, how, site)
        progress("loading the model", 1, 2)
        live = LiveModel.open(subject.checkpoint.folder, name=subject.name, dtype=dtype, device=device)
        progress("loading the model", 2, 2)
        result = continuations(
            live,
            prompt,
            [one.clamp(site, None if positions is None else tuple(positions)) for one in asked],
            tokens=tokens,
            top=top,
            sample=sample,
            chat=chat,
            watch=[numbers for one in asked for *_, numbers in one.sides],
            progress=progress,
        )
        return clamping.report(subject, asked, site, result)

    @cached_property
    def searching(self) -> Search:
        """Search by meaning: `searching.build` makes what `search` asks."""
        return Search(self.store, self.place)

    def search(self, text: str, **options: Unpack[SearchOptions]) -> Found:
        """Neurons whose evidence means what the text says, whoever says so: decoded tokens, tokens they fire on,
        graphs, explanations, features, and words as typed; the rankings fused, each hit with its why. `options` are
        those of `Search.ask`. Needs the `embeddings` extra. Raises QueryError, ModelError."""
        return self.searching.ask(text, **options)

    def check(self, *, mend: bool = False, progress: Progress = silent) -> Soundness:
        """Whether the store is whole: nothing doubled, cut off, without its run or missing; `mend` puts it right."""
        return check_store(self.store, self.place, mend, progress)

    def remove_run(self, run: str, progress: Progress = silent) -> dict[str, int]:
        """Take a run's evidence out of the store; its bundle stays, and can be loaded again.

        Nodes by label that stayed, as they carry what people put in. Raises QueryError for a run that is not there.
        """
        return remove_run(self.store, run, progress)

    def status(self) -> Status:
        """Where the store is, how big, and what is in it."""
        return self.store.status()

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
