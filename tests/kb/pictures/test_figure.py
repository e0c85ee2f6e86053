"""Figures as files and inside a page: formats, determinism, errors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from neuronkb.kb.pictures import DoseCurve, HistogramView, draw_dose, draw_histogram, inline_svg, save
from neuronkb.schema import PictureError

VIEW = HistogramView((0.0, 1.0, 2.0), (100, 1), {"0.99": 1.0})
CURVE = DoseCurve((0.0, 1.0), (0.0, 0.5), (-0.1, -0.1), (0.1, 0.1), 'a <b> "c" & $\\bad$')


def test_the_suffix_says_the_format(tmp_path: Path) -> None:
    save(draw_histogram([VIEW]), tmp_path / "h.PNG")
    save(draw_histogram([VIEW]), str(tmp_path / "h.svg"))
    assert (tmp_path / "h.PNG").read_bytes().startswith(b"\x89PNG\r\n")
    assert ElementTree.parse(tmp_path / "h.svg").getroot().tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize("name", ["h.pdf", "h", "h.svgz"])
def test_an_unknown_suffix(tmp_path: Path, name: str) -> None:
    with pytest.raises(PictureError, match=f"cannot write '{name}': a picture's name ends in .png or .svg"):
        save(draw_histogram([VIEW]), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"cannot write the picture '.*gone/h.svg': No such file"):
        save(draw_histogram([VIEW]), tmp_path / "gone" / "h.svg")


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_the_same_numbers_are_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    """In another process, on another day, and with the user's own matplotlibrc too."""
    code = (
        "import sys; from neuronkb.kb.pictures import *;"
        "save(draw_dose([DoseCurve((0.0, 1.0), (0.0, 0.5), (-0.1, -0.1), (0.1, 0.1), 'x')], 't'), sys.argv[1])"
    )
    (tmp_path / "matplotlibrc").write_text("font.size: 30\nlines.linewidth: 9\nsvg.fonttype: path\n")
    there, here = tmp_path / f"there.{suffix}", tmp_path / f"here.{suffix}"
    place = {"MATPLOTLIBRC": str(tmp_path), "SOURCE_DATE_EPOCH": "0", "PYTHONPATH": ":".join(sys.path)}
    subprocess.run([sys.executable, "-c", code, str(there)], check=True, env={"HOME": str(tmp_path), **place})
    save(draw_dose([DoseCurve((0.0, 1.0), (0.0, 0.5), (-0.1, -0.1), (0.1, 0.1), "x")], "t"), here)
    assert here.read_bytes() == there.read_bytes()


def test_svg_names_no_date_nor_version(tmp_path: Path) -> None:
    save(draw_histogram([VIEW]), tmp_path / "h.svg")
    text = (tmp_path / "h.svg").read_text("utf-8")
    assert "metadata" not in text
    assert "Matplotlib" not in text


def test_drawing_leaves_the_process_as_it_was() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    inline_svg(draw_dose([CURVE]), "l", "n")
    assert dict(matplotlib.rcParams) == before


def test_drawing_needs_no_pyplot() -> None:
    code = (
        "import sys; from neuronkb.kb.pictures import *\n"
        "inline_svg(draw_histogram([]), 'l', 'n')\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_inline_svg_takes_the_pages_ink_and_says_what_it_is() -> None:
    text = inline_svg(draw_dose([CURVE]), 'a "label" <b>', "dose")
    root = ElementTree.fromstring(text)
    assert root.get("aria-label") == 'a "label" <b>'
    assert root.get("role") == "img"
    assert "currentColor" in text
    assert "#1a1a1a" not in text
    assert "#ffffff" not in text, "paper of its own would be a white box on a dark page"


def test_ids_of_two_figures_differ_and_lead_somewhere() -> None:
    one, two = (inline_svg(draw_dose([CURVE]), "l", name) for name in ("one", "two"))
    ids = [{node.get("id") for node in ElementTree.fromstring(text).iter() if node.get("id")} for text in (one, two)]
    assert ids[0]
    assert not ids[0] & ids[1]
    links = [node.get("{http://www.w3.org/1999/xlink}href") for node in ElementTree.fromstring(one).iter()]
    assert {link.removeprefix("#") for link in links if link} <= {name for name in ids[0] if name}
    assert any(links)


def test_without_matplotlib() -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from neuronkb.kb.pictures import *\n"
        "try: draw_histogram([])\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "PictureError drawing a picture needs matplotlib: pip install 'neuronkb[pictures]'\n"


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import neuronkb.kb.pictures, sys\nprint(*{'matplotlib', 'rich'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
