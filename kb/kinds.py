"""The sorts of names that verbs take: one type, one reading and one meaning each, in every door.

Everything here is light: the command line reads it before it does anything. A network door takes a name only where its
kind can say that it is in the store; a kind that cannot does not exist there, so that nobody outside opens files or
addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, TypeVar, Union

from ..ingest.chosen import Range

if TYPE_CHECKING:
    from .stores.base import Store

S = TypeVar("S")


def _stored_model(store: Store, value: Any) -> Any:
    from ..queries import query
    from ..queries.result.near import near
    from ..schema.errors import NotFoundError

    known = [row["model"] for row in query("models").run(store).dicts()]
    if value not in known:
        raise NotFoundError(f"no model {value!r} in the store{near(value, known)}")
    return value


def _neuron_id(store: Store, value: Any) -> Any:
    from ..schema.ids import NeuronId

    return str(NeuronId.parse(value))


def _stored_feature(store: Store, value: Any) -> Any:
    from ..queries.answers.features import named

    named(store, str(value))
    return value


def _neuron_ids(store: Store, value: Any) -> Any:
    return tuple(_neuron_id(store, part) for part in value)


@dataclass(frozen=True)
class Kind:
    """A sort of name."""

    words: str
    metavar: str
    type: Literal["text", "path", "whole"] = "text"
    many: bool = False
    option: bool = False
    """always an option on the command line, also where it is the second thing that a call takes"""
    stored: Callable[[Store, Any], Any] | None = None
    """what makes sure that it is in the store, and gives it as the verb takes it"""
    anywhere: bool = False
    """means nothing but a name or a number in the store, whoever says it"""

    @property
    def remote(self) -> bool:
        """Whether network doors have it."""
        return self.anywhere or self.stored is not None

    def in_store(self, store: Store, value: Any) -> Any:
        """The value as a network door may give it. Raises NeuronKBError where it is not in the store."""
        return value if self.stored is None else self.stored(store, value)


Chosen: TypeAlias = Union[S, Mapping[str, Any], None]  # noqa: UP007  (an alias of a variable)
"""Settings, or some of their fields by name; None for all defaults. A door asks for each field."""

Model = Annotated[str | Path, Kind("Folder, hub id, or name of a model in the store", "MODEL", stored=_stored_model)]
StoredModel = Annotated[str, Kind("A model in the store", "MODEL", stored=_stored_model)]
OfModel = Annotated[str | None, Kind("Only of this model", "MODEL", stored=_stored_model)]
OtherModel = Annotated[
    str | None, Kind("The other model, unless the one that was linked last", "MODEL", stored=_stored_model)
]
Weights = Annotated[
    str | Path | None, Kind("Hub id or folder of the weights, unless they are where they were ingested from", "MODEL")
]
ModelName = Annotated[
    str | None, Kind("What the graph calls the model, unless by its hub id or folder's name", "NAME", anywhere=True)
]
Adapter = Annotated[
    str | Path | None, Kind("Folder or hub id of a LoRA adapter of MODEL, merged while weights are read", "ADAPTER")
]
Neuron = Annotated[str, Kind("A neuron, such as MODEL/L3/N17", "ID", stored=_neuron_id)]
OneNeuron = Annotated[str | None, Kind("A neuron, such as MODEL/L3/N17", "ID", stored=_neuron_id)]
Neurons = Annotated[
    str | Path | Sequence[str | tuple[int, int]] | None,
    Kind(
        "Only these: an id such as L3/N17, or a file with one a line; again for more",
        "ID|FILE",
        many=True,
        stored=_neuron_ids,
    ),
]
NeuronIds = Annotated[Sequence[str], Kind("Neurons, such as L3/N17", "ID", many=True, stored=_neuron_ids)]
About = Annotated[
    Sequence[str],
    Kind("A neuron it is about; again for more", "ID", many=True, option=True, stored=_neuron_ids),
]
NodeIds = Annotated[Sequence[str], Kind("A node or run", "ID", many=True, anywhere=True)]
Layers = Annotated[
    Sequence[int] | None,
    Kind("Only these layers, such as 0,3-5; more can be added later", "LIST", "whole", many=True, anywhere=True),
]
Experts = Annotated[
    Sequence[int] | None,
    Kind(
        "Of a mixture only these experts, such as 0-7; more can be added later",
        "LIST",
        "whole",
        many=True,
        option=True,
        anywhere=True,
    ),
]
RunId = Annotated[str | None, Kind("Only evidence of this run; neuronkb runs list shows them", "RUN", anywhere=True)]
Runs = Annotated[
    Sequence[str], Kind("Only evidence of this run; again for several", "RUN", many=True, anywhere=True, option=True)
]
Held = Literal["set", "add", "scale", "zero", "mean"]
"""What a clamp does: take the value's place, add to it, multiply it, or ablate it by zero or by its mean."""
Pole = Annotated[Literal["+", "-"] | None, "Only this side"]
Corpus = Annotated[
    str | Path | Sequence[str | Path],
    Kind(
        "Texts: a file, a folder, a table (CSV, JSON, Parquet; .gz and .zst too), a data set's hub id, - for standard "
        "input, or a built corpus; again for more",
        "TEXTS",
        many=True,
        option=True,
    ),
]
FeatureName = Annotated[
    str,
    Kind(
        "A feature: its name, alias or id, such as is_french, fr, natural_lang_id.pyth.512.-1/fr",
        "FEATURE",
        stored=_stored_feature,
    ),
]
LabelledTexts = Annotated[
    Sequence[str],
    Kind(
        "Categories, single features, or JSONL files of labelled texts, unless all; again for more", "NAME", many=True
    ),
]
Source = Annotated[
    str | Path | None,
    Kind("Your texts for one category, a file, folder or data set, instead of installed ones", "TEXTS"),
]
Out = Annotated[Path | None, Kind("Folder of the bundle, unless in the store's", "FOLDER", "path")]
Embedder = Annotated[
    str | Path | None,
    Kind("Folder or hub id of the sentence-embedding model, unless NEURONKB_EMBEDDER or the packaged", "MODEL"),
]
LanguageModel = Annotated[str | Path, Kind("A folder, a hub id, or a model of the server at --base-url", "MODEL")]
BaseUrl = Annotated[str | None, Kind("Of a server that speaks the OpenAI protocol; its key in OPENAI_API_KEY", "URL")]
Files = Annotated[str | Path | Sequence[str | Path], Kind("Files or folders", "PATH", "path", many=True)]
Device = Annotated[str, Kind("cpu, cuda, cuda:1 or auto", "DEVICE", anywhere=True)]
Seed = Annotated[int, Range(0, 2**32 - 1), "Decides what is drawn"]
Top = Annotated[int, Range(1), "How many are shown"]
Replace = Annotated[bool, "Take away another run of this job on this model"]
Alongside = Annotated[bool, "Keep another run of this job beside this one"]
