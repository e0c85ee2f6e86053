"""The page's stylesheet: plain, readable in light and dark, nothing fetched."""

from __future__ import annotations

INK_LIGHT, PAPER_LIGHT = "#1a1a1a", "#ffffff"
INK_DARK, PAPER_DARK = "#e8e8e8", "#14161a"

STYLE = f"""\
:root {{ color-scheme: light dark; --ink: {INK_LIGHT}; --paper: {PAPER_LIGHT}; --line: #d5d5d5; --quiet: #5c5c5c; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: {INK_DARK}; --paper: {PAPER_DARK}; --line: #3a3d42; --quiet: #a3a3a3; }}
}}
body {{ max-width: 64rem; margin: 2rem auto; padding: 0 1rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, sans-serif; }}
h1 {{ font-size: 1.5rem; overflow-wrap: anywhere; }}
h2 {{ font-size: 1.15rem; margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line); }}
h3 {{ font-size: 1rem; margin: 1rem 0 .25rem; }}
.scroll {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-size: .9rem; margin-bottom: 1.25rem; }}
caption {{ text-align: left; color: var(--quiet); padding-bottom: .25rem; }}
th, td {{ text-align: left; vertical-align: baseline; padding: .2rem .9rem .2rem 0;
  border-bottom: 1px solid var(--line); }}
th {{ font-weight: 600; white-space: nowrap; }}
.n {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }}
.token {{ display: inline-block; margin: 0 .25rem .15rem 0; padding: 0 .35rem; border: 1px solid var(--line);
  border-radius: .25rem; white-space: pre; }}
td.tokens {{ min-width: 18rem; }}
ol {{ list-style: none; margin: 0; padding: 0; }}
li {{ display: flex; gap: .75rem; padding: .4rem 0; border-bottom: 1px solid var(--line); }}
li data {{ flex: 0 0 4rem; }}
li > div {{ min-width: 0; }}
.excerpt {{ margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }}
.excerpt span, .excerpt b {{ border-radius: .15rem; }}
.excerpt b {{ text-decoration: underline; }}
i {{ position: relative; font-style: normal; }}
i::after {{ content: "·"; position: absolute; left: 0; width: 100%; text-align: center; opacity: .45; }}
cite, .quiet {{ color: var(--quiet); font-size: .8rem; font-style: normal; overflow-wrap: anywhere; }}
.key span {{ padding: 0 .5rem; color: var(--ink); }}
details {{ margin-top: .5rem; }}
figure {{ margin: 0; }}
figure svg {{ max-width: 100%; height: auto; }}
summary {{ cursor: pointer; font-weight: 600; }}
"""
