"""The explorer's pages as files: to publish beside a paper, or to mail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...ingest.progress import Progress, silent
from ...queries import query
from ...queries.answers.known import known_neuron
from ...queries.answers.lines import lines_of
from ...queries.catalogue.scope import check_models
from ...queries.result.record import Record
from ...queries.result.section import Section
from ...schema import NeuronId, QueryError
from ..doors import offers
from ..limits import Limits
from .address import ServerAddresses, SiteAddresses, file_name
from .page import Desk, Page
from .pages.neuron import neuron_page
from .render import html
from .vendor import own_files

if TYPE_CHECKING:
    from ..session import Session

FILES = "files"
"""The folder of styles and scripts."""
LIMITS = Limits(seconds=300.0, rows=100_000)


@dataclass(frozen=True, repr=False)
class Site(Record):
    """What was written."""

    folder: str
    model: str
    neurons: int
    pages: int
    bytes: int

    @property
    def title(self) -> str:
        """Where to begin."""
        return f"{self.folder}/index.html"

    @property
    def lead(self) -> str:
        """How much there is."""
        return f"{self.neurons:,} neurons of {self.model}, {self.pages:,} pages, {self.bytes / 2**20:,.1f} MiB"

    def sections(self) -> tuple[Section, ...]:
        """Nothing more to show."""
        return ()


def write_site(
    session: Session,
    model: str,
    out: Path,
    neurons: Sequence[str] = (),
    top: int | None = 200,
    progress: Progress = silent,
) -> Site:
    """Write the pages of a model: itself, its fine-tunes, and of its neurons those named, else the `top` best lined;
    all for None.

    Raises QueryError for a folder that holds something else and for a model without a neuron to show, NotFoundError for
    a model or neuron that is not in the store.
    """
    desk = Desk(session, {offer.verb.path: offer for offer in offers(allow_write=False).values()}, LIMITS)
    _begin(out)
    chosen = _chosen(desk, model, neurons, top)
    sizes = []
    pages = [*_first(desk, model, chosen), *(("neuron", (name,), None) for name in chosen)]
    server = ServerAddresses()
    files = {server.of(""): _file("index", ())}
    files |= {_address(server, kind, names): _file(kind, names) for kind, names, _ in pages}
    known = {model, *(name for pair in desk.pairs() for name in pair)}
    for done, (kind, names, page) in enumerate(pages):
        progress("writing pages", done, len(pages))
        shown = page or neuron_page(desk, names[0])
        depth = 0 if kind == "index" else 1
        frame = {"base": "", "embed": False, "files": "../" * depth + f"{FILES}/", "q": "", "section": "", "twin": ""}
        to = SiteAddresses(files, depth)
        text = html(shown, to, known, store=f"{model}, written by neuronkb", **frame)
        sizes.append(_written(out / _file(kind, names), text))
    for name, text in own_files(static=True).items():
        sizes.append(_written(out / FILES / name, text))
    for path in {*out.glob("neuron/*.html"), *out.glob("tuned/*.html")} - {out / name for name in files.values()}:
        path.unlink()  # of an earlier site here, and of no use to this one
    progress("writing pages", len(pages), len(pages))
    return Site(str(out), model, len(chosen), len(pages), sum(sizes))


def _first(desk: Desk, model: str, chosen: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...], Page | None]]:
    """The pages that are no neuron's: the index is the model's own."""
    linked = [pair for pair in desk.pairs() if model in pair]
    block = desk.ask("models show", model=model)
    lines = lines_of(desk.session.store, chosen)
    listed = [(name, lines[name].text) for name in chosen]
    yield "index", (model,), Page("site", model, [block], model=model, more={"pairs": linked, "neurons": listed})
    for base, tuned in linked:
        report = desk.try_("links report", base=base, tuned=tuned)
        more = {"pairs": linked, "base_model": base, "tuned_model": tuned}
        yield (
            "tuned",
            (base, tuned),
            Page("tuned", f"{tuned} beside {base}", [report], model=base, tuned=tuned, more=more),
        )


def _address(server: ServerAddresses, kind: str, names: tuple[str, ...]) -> str:
    """Of a page on a server."""
    if kind == "tuned":
        return server.of("tuned", base=names[0], tuned=names[1])
    return server.model(names[0]) if kind == "index" else server.neuron(names[0])


def _file(kind: str, names: tuple[str, ...]) -> str:
    return "index.html" if kind == "index" else file_name(kind, *names)


def _chosen(desk: Desk, model: str, neurons: Sequence[str], top: int | None) -> list[str]:
    check_models(desk.session.store, model)
    if neurons:
        named = [NeuronId.parse(name if name.startswith(f"{model}/") else f"{model}/{name}") for name in neurons]
        return list(dict.fromkeys(str(known_neuron(desk.session.store, one)["neuron"]) for one in named))
    if top is None:
        rows = query("neurons_of_model").run(desk.session.store, model=model).dicts()
    else:
        rows = query("lined_neurons").run(desk.session.store, model=model, top=top).dicts()
    if not rows:
        raise QueryError(f"no neuron of {model!r} has a line above its null; name some with --neurons")
    return [str(row["neuron"]) for row in rows]


def _begin(out: Path) -> None:
    """Raise QueryError for a folder that holds something that no site does."""
    if out.exists() and any(out.iterdir()) and not (out / FILES / "record.css").is_file():
        raise QueryError(f"{str(out)!r} holds something that is no site; give an empty folder or a new one")


def _written(path: Path, text: str) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.write_bytes(text.encode())
