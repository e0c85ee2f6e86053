"use strict";
// What the editor completes: labels, types and properties of the schema, parameters, variables, queries by name.
(() => {
  const cypher = globalThis.neuronkbCypher;
  if (!cypher) return;
  const schema = JSON.parse(document.getElementById("words").textContent);
  const FUNCTIONS = ["abs", "avg", "coalesce", "collect", "count", "head", "keys", "labels", "last", "length", "max", "min",
    "nodes", "range", "relationships", "round", "size", "split", "sum", "toLower", "type"];
  const RANK = { label: 5, type: 5, property: 5, parameter: 5, variable: 4, query: 3, keyword: 2, function: 1 };

  const entries = (names, meta) => [...new Set(names)].map((name) => ({ caption: name, value: name, meta, score: RANK[meta] }));
  const properties = (kinds) => kinds.flatMap((kind) => schema.labels[kind] ?? schema.types[kind] ?? []);

  // Labels or types that a variable is bound to somewhere: (n:Neuron) or [r:DETECTS|DECODES_TO].
  const kindsOf = (name, text) => {
    const found = [...text.matchAll(/[([]\s*(\w+)\s*:([\w|:\s!&]+)/g)].filter((bound) => bound[1] === name);
    return found.flatMap((bound) => bound[2].split(/\W+/).filter(Boolean));
  };
  const parameters = (text) => {
    let given = [];
    try { given = Object.keys(JSON.parse(document.getElementById("params").value)); } catch { /* none yet */ }
    return [...given, ...[...text.matchAll(/\$(\w+)/g)].map((used) => used[1])];
  };
  const variables = (text) => [...text.matchAll(/[([]\s*([A-Za-z_]\w*)\s*[:)\]{]|\bAS\s+([A-Za-z_]\w*)/gi)].map((bound) => bound[1] ?? bound[2]);

  // A query of the catalogue takes the place of the whole text, and its example that of the parameters.
  const queries = () => [...document.querySelectorAll("#queries a")].map((link) => {
    const asked = new URL(link.href).searchParams;
    return {
      caption: link.textContent, value: link.textContent, meta: "query", score: RANK.query,
      completer: {
        insertMatch: (editor) => {
          editor.setValue(asked.get("text"), 1);
          document.getElementById("params").value = asked.get("params") ?? "";
        },
      },
    };
  });

  // What can only stand here, by what is before the word that is typed; null where much can.
  const fitting = (before, text) => {
    const owner = before.match(/([A-Za-z_]\w*)\.$/);
    if (owner) {
      const kinds = kindsOf(owner[1], text);
      return entries(properties(kinds.length ? kinds : [...Object.keys(schema.labels), ...Object.keys(schema.types)]), "property");
    }
    if (before.endsWith("$")) return entries(parameters(text), "parameter");
    const pattern = before.match(/([([])[^()[\]{}]*[:|!&]\s*$/);
    if (pattern) return pattern[1] === "(" ? entries(Object.keys(schema.labels), "label") : entries(Object.keys(schema.types), "type");
    const map = before.match(/[([]\s*\w*\s*:\s*(\w+)\s*\{(?:[^{}]*,)?\s*$/);
    return map ? entries(properties([map[1]]), "property") : null;
  };
  const everything = (text) => [
    ...entries(variables(text), "variable"), ...entries(cypher.keywords, "keyword"), ...entries(FUNCTIONS, "function"),
    ...entries(Object.keys(schema.labels), "label"), ...entries(Object.keys(schema.types), "type"), ...queries(),
  ];

  cypher.completer = {
    id: "neuronkb",
    getCompletions: (editor, session, at, typed, give) => {
      const before = session.getLine(at.row).slice(0, at.column - typed.length);
      give(null, fitting(before, session.getValue()) ?? everything(session.getValue()));
    },
  };
  // A list opens by itself only where few words fit; anywhere else it would stand in the way.
  cypher.opens = (editor) => {
    const at = editor.getCursorPosition();
    const before = editor.session.getLine(at.row).slice(0, at.column).replace(/\w*$/, "");
    return (fitting(before, editor.getValue()) ?? []).length > 0;
  };
})();
