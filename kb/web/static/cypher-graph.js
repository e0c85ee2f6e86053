"use strict";
// The answer's nodes and relationships, drawn by vis-network: texts stay texts, nothing of them is markup.
(() => {
  const box = document.getElementById("picture");
  if (!globalThis.vis) return;
  const { nodes, edges, kinds, counts } = JSON.parse(document.getElementById("network").textContent);
  const FEW = 40; // relationships that have their type written on them

  const tip = (words) => Object.assign(document.createElement("div"), { className: "tip", textContent: words });
  let size = 17; // of letters before the picture is fitted to its frame
  const colours = () => {
    const page = getComputedStyle(document.documentElement);
    const [ink, paper, quiet] = ["--ink", "--soft", "--quiet"].map((name) => page.getPropertyValue(name).trim());
    const font = { color: ink, strokeColor: paper, strokeWidth: 3 };
    return {
      border: ink,
      nodes: { font: { size, ...font } },
      edges: { color: { color: quiet, highlight: ink, hover: ink }, font: { size: 12, align: "middle", ...font } },
    };
  };
  const coloured = (kind, border) => {
    const background = kinds[kind].colour;
    return { background, border, highlight: { background, border }, hover: { background, border } };
  };

  const { border, ...look } = colours();
  const drawn = new vis.DataSet(nodes.map((node) => ({
    id: node.place, label: node.label, title: tip(node.title), shape: kinds[node.kind].shape, color: coloured(node.kind, border),
  })));
  const joined = new vis.DataSet(edges.map((edge, id) => ({
    id, from: edge.from, to: edge.to, title: tip(edge.title), label: edges.length <= FEW ? edge.kind : undefined,
  })));
  const network = new vis.Network(box, { nodes: drawn, edges: joined }, {
    layout: { randomSeed: 1, improvedLayout: nodes.length <= 100 },
    nodes: { size: 13, borderWidth: 1, ...look.nodes },
    edges: { arrows: { to: { enabled: true, scaleFactor: 0.5 } }, width: 1, ...look.edges },
    interaction: { hover: true, keyboard: { enabled: true, bindToWindow: false, autoFocus: false }, tooltipDelay: 150, zoomView: false },
    physics: { solver: "forceAtlas2Based", forceAtlas2Based: { springLength: 75, avoidOverlap: 0.4 }, stabilization: { iterations: 400 } },
  });
  const recolour = () => {
    const { border: line, ...rest } = colours();
    network.setOptions(rest);
    drawn.update(nodes.map((node) => ({ id: node.place, color: coloured(node.kind, line) })));
  };
  addEventListener("themechange", recolour);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);

  network.once("stabilizationIterationsDone", () => {
    network.setOptions({ physics: false });
    network.fit({ maxZoomLevel: 1.2 });
    size = Math.min(26, Math.max(size, 11 / network.getScale())); // so that words can be read in a narrow frame
    recolour();
    network.redraw(); // it knows how wide words are when it has drawn them
    network.fit({ maxZoomLevel: 1.2 });
    box.dataset.done = "1";
  });
  network.on("doubleClick", ({ nodes: [place] }) => {
    if (place !== undefined && nodes[place].page) location.assign(nodes[place].page);
  });

  // The wheel goes on down the page until the picture is taken in hand.
  const frame = box.querySelector(".vis-network");
  const canvas = box.querySelector("canvas");
  frame.setAttribute("role", "group");
  frame.setAttribute("aria-label", "The graph: arrow keys move it, [ and ] make it smaller and larger");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `A graph: ${counts}. The table below holds the same.`);
  document.getElementById("moves").hidden = false;
  canvas.addEventListener("pointerdown", () => frame.focus({ preventScroll: true }));
  box.addEventListener("focusin", () => network.setOptions({ interaction: { zoomView: true } }));
  box.addEventListener("focusout", () => network.setOptions({ interaction: { zoomView: false } }));
})();
