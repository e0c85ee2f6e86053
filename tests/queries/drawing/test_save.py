"""Pictures as files: formats, determinism, errors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from neuronkb.queries.drawing.dose import draw_dose
from neuronkb.queries.drawing.save import png, save
from neuronkb.queries.result.picture import DoseCurve
from neuronkb.schema import PictureError

PICTURE = draw_dose([DoseCurve((0.0, 1.0), (0.0, 0.5), (-0.1, -0.1), (0.1, 0.1), 'a <b> "c" & שלום')], "t")
MAKE = (
    "import sys; from neuronkb.queries.drawing.dose import draw_dose; from neuronkb.queries.drawing.save import save;"
    "from neuronkb.queries.result.picture import DoseCurve;"
    "save(draw_dose([DoseCurve((0.0, 1.0), (0.0, 0.5), (-0.1, -0.1), (0.1, 0.1), 'x')], 't'), sys.argv[1])"
)


def test_the_suffix_says_the_format(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py", reason="the pictures extra is not installed")
    save(PICTURE, tmp_path / "h.PNG")
    save(PICTURE, str(tmp_path / "h.svg"))
    data = (tmp_path / "h.PNG").read_bytes()
    assert data.startswith(b"\x89PNG\r\n")
    assert int.from_bytes(data[16:20], "big") == 1400  # twice as many pixels, so that letters are sharp
    assert ElementTree.parse(tmp_path / "h.svg").getroot().tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize("name", ["h.pdf", "h", "h.svgz"])
def test_an_unknown_suffix(tmp_path: Path, name: str) -> None:
    with pytest.raises(PictureError, match=f"cannot write '{name}': a picture's name ends in .png or .svg"):
        save(PICTURE, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"cannot write the picture '.*gone/h.svg': No such file"):
        save(PICTURE, tmp_path / "gone" / "h.svg")


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_the_same_numbers_are_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    if suffix == "png":
        pytest.importorskip("resvg_py", reason="the pictures extra is not installed")
    there, here = tmp_path / f"there.{suffix}", tmp_path / f"here.{suffix}"
    subprocess.run([sys.executable, "-c", MAKE, str(there)], check=True)
    save(draw_dose([DoseCurve((0.0, 1.0), (0.0, 0.5), (-0.1, -0.1), (0.1, 0.1), "x")], "t"), here)
    assert here.read_bytes() == there.read_bytes()


def test_a_png_without_letters_is_none() -> None:
    pytest.importorskip("resvg_py", reason="the pictures extra is not installed")
    with pytest.raises(PictureError, match="no font was found, so a PNG would have no letters: install DejaVu Sans"):
        png(PICTURE, skip_system_fonts=True)


def test_without_resvg(tmp_path: Path) -> None:
    code = f"import sys; sys.modules['resvg_py'] = None\ntry:\n {MAKE.removeprefix('import sys; ')}\n"
    code += "except Exception as error: print(type(error).__name__, error)"
    done = [
        subprocess.run([sys.executable, "-c", code, str(tmp_path / name)], capture_output=True, text=True, check=True)
        for name in ("a.png", "a.svg")
    ]
    missing = "PictureError a PNG needs resvg-py: pip install 'neuronkb[pictures]', or save an .svg\n"
    assert [each.stdout for each in done] == [missing, ""]
    assert (tmp_path / "a.svg").exists()


def test_drawing_needs_nothing_but_python() -> None:
    """None of what the project installs is imported for a drawing or a page."""
    code = (
        "import neuronkb.queries.drawing.drawn, sys\n"
        "print(*{'numpy', 'pyarrow', 'rich', 'neo4j', 'click', 'resvg_py'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
