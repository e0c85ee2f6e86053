"use strict";
// The answer's nodes and relationships, drawn by vis-network: texts stay texts, nothing of them is markup.
(() => {
  const box = document.getElementById("picture");
  if (!globalThis.vis) return;
  const { nodes, edges, kinds, counts } = JSON.parse(document.getElementById("network").textContent);
  const FEW = 40; // relationships that have their type written on them

  const tip = (words) => Object.assign(document.createElement("div"), { className: "tip", textContent: words });
  const colours = () => {
    const page = getComputedStyle(document.documentElement);
    const [ink, paper, quiet] = ["--ink", "--soft", "--quiet"].map((name) => page.getPropertyValue(name).trim());
    return {
      nodes: { font: { color: ink, strokeColor: paper, strokeWidth: 3 } },
      edges: { color: { color: quiet, highlight: ink, hover: ink }, font: { color: ink, strokeColor: paper, strokeWidth: 3 } },
      border: ink,
    };
  };
  const coloured = (kind, border) => {
    const background = kinds[kind].colour;
    return { background, border, highlight: { background, border }, hover: { background, border } };
  };

  const now = colours();
  const drawn = new vis.DataSet(nodes.map((node) => ({
    id: node.place, label: node.label, title: tip(node.title), shape: kinds[node.kind].shape, color: coloured(node.kind, now.border),
  })));
  const joined = new vis.DataSet(edges.map((edge, id) => ({
    id, from: edge.from, to: edge.to, title: tip(edge.title), label: edges.length <= FEW ? edge.kind : undefined,
  })));
  const network = new vis.Network(box, { nodes: drawn, edges: joined }, {
    autoResize: true,
    layout: { randomSeed: 1, improvedLayout: nodes.length <= 100 },
    nodes: { size: 13, borderWidth: 1, ...now.nodes, font: { size: 17, ...now.nodes.font } },
    edges: { arrows: { to: { enabled: true, scaleFactor: 0.5 } }, width: 1, ...now.edges, font: { size: 12, align: "middle", ...now.edges.font } },
    interaction: { hover: true, keyboard: { enabled: true, bindToWindow: false }, tooltipDelay: 150 },
    physics: { solver: "forceAtlas2Based", forceAtlas2Based: { springLength: 75, avoidOverlap: 0.4 }, stabilization: { iterations: 400 } },
  });
  network.once("stabilizationIterationsDone", () => {
    network.setOptions({ physics: false });
    network.fit();
    box.dataset.done = "1";
  });
  network.on("doubleClick", ({ nodes: [place] }) => {
    if (place !== undefined && nodes[place].page) location.assign(nodes[place].page);
  });

  const canvas = box.querySelector("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `A graph: ${counts}. The table below holds the same.`);
  document.getElementById("moves").hidden = false;

  const recolour = () => {
    const { border, ...rest } = colours();
    network.setOptions(rest);
    drawn.update(nodes.map((node) => ({ id: node.place, color: coloured(node.kind, border) })));
  };
  addEventListener("themechange", recolour);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
})();
