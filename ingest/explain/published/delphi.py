"""Reads folders of results that Delphi (EleutherAI) wrote: a text a latent, and a file of scored examples a scorer.

Its latents are units of a dictionary: they belong to a Source of their own for each results folder and hookpoint, so
that a base's latent 17 and its fine-tune's never meet.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ....schema import LatentId, PublishedError
from ..failures import statement
from ..records import Explanation, Score
from .delphi_scores import SCORERS, SIMULATION, activating, class_scores, example_rows, simulated_scores
from .documents import json_document, parsed, text_file
from .fields import Row, Unfit, mapping, number, numbers, text, tokens
from .files import chunks
from .items import Dictionary, Given, Item, Part, window
from .ranges import possible
from .tally import Tally

_NAME = re.compile(r"(?P<hook>.+?)_(?:latent|feature)(?P<index>[0-9]{1,9})\.txt")
EXPLANATIONS, SCORES, CONFIG = "explanations", "scores", "run_config.json"
CUT = "texts cut where the explainer ran on into further examples, as in its prompt; they were scored whole"


@dataclass
class DelphiReader:
    """Latents alone."""

    given: Given
    dictionaries: dict[str, Dictionary] = field(default_factory=dict)
    _configs: dict[Path, Row] = field(default_factory=dict)
    _hooks: dict[Path, Counter[str]] = field(default_factory=dict)

    def parts(self, paths: Collection[Path], tally: Tally) -> list[Part]:
        """Some hundreds of latents each."""
        within = _within(paths, tally)
        folders = list(dict.fromkeys(folder for found in within.values() for folder in found))
        if len(folders) > 1 and self.given.source is not None:
            raise PublishedError(
                f"--source names one dictionary, and there are {len(folders)} results folders: {_named(folders)}; "
                "import them one by one"
            )
        several = {folder for found in within.values() if len(found) > 1 for folder in found}
        parts = []
        for folder in folders:
            model = self._model(folder, folder in several)
            files = sorted(file for file in (folder / EXPLANATIONS).glob("*.txt") if not file.name.startswith("."))
            self._hooks[folder] = Counter(hook for hook, _ in map(latent_of, files) if hook)
            _count_orphans(folder, {file.name for file in files}, tally)
            parts += [Part(model, tuple(part), folder) for part in chunks(files)]
        return parts

    def _model(self, folder: Path, one_of_several: bool) -> str:
        config = self._config(folder)
        named = config.get("model")
        if self.given.model is not None:
            if one_of_several and not named:
                raise PublishedError(
                    f"{str(folder)!r} does not say of which model it is, and lies beside others: name each results "
                    "folder, with its own --model"
                )
            return self.given.model
        if not isinstance(named, str) or not named.strip():
            raise PublishedError(f"{folder}: no {CONFIG} that names the model; say which is meant with --model")
        return named.strip()

    def _config(self, folder: Path) -> Row:
        if folder not in self._configs:
            path = folder / CONFIG
            found = json_document(path, halves=False) if path.is_file() else {}
            self._configs[folder] = found if isinstance(found, dict) else {}
        return self._configs[folder]

    def items(self, part: Part, tally: Tally) -> Iterator[Item]:
        """A file that cannot be read is counted with its fault: there are some a latent."""
        for file in part.files:
            hook, index = latent_of(file)
            if hook is None:
                tally.skip("files", "a file that is no {hookpoint}_latent{number}.txt", f"{file}: no latent's file")
                continue
            unit = LatentId(part.model, self._source(part.folder, hook), index)
            said = self._text(file, tally)
            yield from self._latent(part.folder, file.name, unit, said, tally)

    def _source(self, folder: Path, hook: str) -> str:
        """The dictionary's name in the model."""
        config = self._config(folder)
        sparse = config.get("sparse_model")
        base = self.given.source or (sparse if isinstance(sparse, str) and sparse.strip() else folder.resolve().name)
        name = base if self.given.source and len(self._hooks[folder]) == 1 else f"{base}/{hook}"
        self.dictionaries[name] = Dictionary("transcoder" if "transcoder" in base.casefold() else "sae", hook)
        return name

    def _text(self, file: Path, tally: Tally) -> str | None:
        """The explanation, or None where there is none."""
        try:
            raw = text_file(file)
            said = parsed(file, raw) if raw.lstrip()[:1] in ('"', "[", "{") else raw
        except PublishedError as error:
            tally.fail("files", "a file that cannot be read", str(error))
            return None
        tally.keep("files")
        with tally.unfit("explanations", str(file)):
            return tally.sentence(text({"the explanation": said}, "the explanation"), str(file))
        return None

    def _latent(self, folder: Path, name: str, unit: LatentId, said: str | None, tally: Tally) -> Iterator[Item]:
        """The explanation with its scores; what a failed one scored says nothing and is counted."""
        judge = self._config(folder).get("explainer_model")
        explainer = self.given.explainer or (judge if isinstance(judge, str) else None)
        scores: list[Score] = []
        for scorer in sorted(each.name for each in (folder / SCORES).glob("*") if each.is_dir()):
            file = folder / SCORES / scorer / name.replace("/", "--")
            if not file.is_file():
                continue
            if scorer not in SCORERS and scorer != SIMULATION:
                tally.skip("files", f"scores of a kind that is not read: {scorer}")
                continue
            rows = _rows(file, tally)
            with tally.unfit("scores", str(file)):
                scores += possible(_scores(scorer, rows, explainer), str(file), tally) if rows else ()
            if scorer in SCORERS:
                yield from _windows(unit, file, rows, tally)
        if said is None:
            tally.skip("scores", "scores of a latent whose explanation failed", n=len(scores))
            return
        own = statement(said)
        if own != said:
            tally.remarks[CUT] += 1
        length = len(said.encode())
        yield Explanation(unit, own, explainer, method="delphi", length=length, scores=tuple(scores))


def results_folders(path: Path) -> list[Path]:
    """Folders that hold `explanations`: the path, its parent if it is that folder itself, or those below.

    Raises PublishedError where there is none.
    """
    if path.name == EXPLANATIONS and path.is_dir():
        return [path.resolve().parent]
    named = [each for each in [path / EXPLANATIONS, *path.glob(f"*/**/{EXPLANATIONS}")] if each.is_dir()]
    hidden = {each for each in named if any(part.startswith(".") for part in each.relative_to(path).parts)}
    found = sorted(each.parent for each in named if each not in hidden)
    if not found:
        raise PublishedError(f"{str(path)!r} has no folder {EXPLANATIONS!r} in it; expected results that Delphi wrote")
    # A folder that only has the name stands beside those with texts in it.
    return [folder for folder in found if next((folder / EXPLANATIONS).glob("*.txt"), None)] or found


def _within(paths: Collection[Path], tally: Tally) -> dict[Path, list[Path]]:
    """Each path's results folders; what else lies in one of them, as a shell's `results/*` names it, is passed over."""
    own = [path for path in paths if path.name == EXPLANATIONS and path.is_dir()]
    homes = {path.resolve().parent for path in own}
    found = {}
    for path in paths:
        if path not in own and path.exists() and path.resolve().parent in homes:
            tally.skip("files", f"what lies beside {EXPLANATIONS}, named by itself")
            continue
        found[path] = results_folders(path)
    return found


def latent_of(file: Path) -> tuple[str | None, int]:
    """Hookpoint and number of the latent a file is of; None where its name does not tell."""
    match = _NAME.fullmatch(file.name)
    return (match["hook"].replace("--", "/"), int(match["index"])) if match else (None, 0)


def _count_orphans(folder: Path, explained: Collection[str], tally: Tally) -> None:
    for file in sorted((folder / SCORES).glob("*/*.txt")):
        if file.name not in explained:
            tally.skip("files", "scores of a latent without an explanation", f"{file}: its latent has no explanation")


def _named(folders: list[Path]) -> str:
    names = [folder.name for folder in folders]
    return ", ".join(names[:3]) + (" and more" if len(names) > 3 else "")


def _rows(file: Path, tally: Tally) -> list[Any]:
    try:
        rows = example_rows(json_document(file))
    except PublishedError as error:
        tally.fail("files", "a file that cannot be read", str(error))
        return []
    except Unfit:
        tally.fail("files", "a score file that is no list", f"{file}: no list of examples")
        return []
    tally.keep("files")
    return rows


def _scores(scorer: str, rows: list[Any], judge: str | None) -> list[Score]:
    if scorer == SIMULATION:
        return list(simulated_scores(rows))
    return list(class_scores(SCORERS[scorer], rows, judge))


def _windows(unit: LatentId, file: Path, rows: list[Any], tally: Tally) -> Iterator[Item]:
    """Those on which the latent is active, with the quantile they were drawn from."""
    for line, each in enumerate(rows):
        with tally.unfit("windows", f"{file}: example {line}"):
            row = mapping(each, "example")
            if not activating(row):
                tally.skip("windows", "an example on which the latent is not active")
                continue
            group = number(row, "distance")
            band = "active" if group is None else f"quantile {group:g}"
            yield window(unit, tokens(row, "str_tokens"), numbers(row, "activations"), band, None)
