"use strict";
// The editor over the form's text: without it the text is written as it stands.
(() => {
  const form = document.getElementById("ask");
  const text = document.getElementById("text");
  const asks = (event) => (event.ctrlKey || event.metaKey) && event.key === "Enter";
  form.addEventListener("keydown", (event) => {
    if (!asks(event)) return;
    event.preventDefault();
    event.stopPropagation();
    form.requestSubmit();
  }, true);

  const cypher = globalThis.neuronkbCypher;
  if (!cypher) return;
  ace.require("ace/ext/language_tools");
  const box = Object.assign(document.createElement("div"), { className: "editor", tabIndex: -1 });
  const inner = document.createElement("div");
  text.after(box);
  box.append(inner);
  const label = document.querySelector("label[for=text]");
  const editor = ace.edit(inner, {
    value: text.value, mode: null, theme: cypher.theme, useWorker: false, tabSize: 2, wrap: true,
    minLines: 8, maxLines: 24, fontSize: "0.9rem", fontFamily: "ui-monospace, 'SF Mono', Menlo, Consolas, monospace",
    showPrintMargin: false, showFoldWidgets: false, highlightActiveLine: false, textInputAriaLabel: label.textContent,
    enableBasicAutocompletion: true, behavioursEnabled: false,
  });
  editor.session.setMode(cypher.mode());
  editor.completers = [cypher.completer];
  editor.commands.on("afterExec", ({ command, args }) => {
    if (command.name !== "insertstring") return;
    if (!/^\w$/.test(args)) editor.completer?.detach(); // what it lists is of the word before
    if (editor.completer?.activated) return;
    if (/^[\w:.$|{]$/.test(args) && cypher.opens(editor)) editor.execCommand("startAutocomplete");
  });
  text.hidden = true;
  document.getElementById("keys").hidden = false;
  editor.textInput.getElement().setAttribute("aria-describedby", "keys");
  label.addEventListener("click", () => editor.focus());
  editor.session.on("change", () => {
    text.value = editor.getValue();
    editor.session.clearAnnotations();
    mark(null);
  });

  // Of what it can do, what wants files that are not here, or takes a key from the browser.
  const without = ["find", "findnext", "findprevious", "replace", "showSettingsMenu", "goToNextError", "goToPreviousError",
    "gotoline", "openCommandPalette", "openCommandPallete", "modeSelect"];
  without.forEach((name) => editor.commands.removeCommand(name));
  // Tab indents, so Esc leaves: the next Tab goes on from the editor's frame, past it. A list of completions closes first.
  const input = editor.textInput.getElement();
  editor.commands.addCommand({ name: "leave", bindKey: "Esc", exec: () => { input.tabIndex = -1; box.focus(); } });
  box.addEventListener("blur", () => { input.tabIndex = 0; });

  // Where the store says that an error is.
  let marker = null;
  const mark = (range) => {
    if (marker !== null) editor.session.removeMarker(marker);
    marker = range ? editor.session.addMarker(range, "wrong", "text") : null;
  };
  if (form.dataset.line) {
    const { Range } = ace.require("ace/range");
    const row = Number(form.dataset.line) - 1;
    const column = Number(form.dataset.column) - 1;
    const word = editor.session.getLine(row).slice(column).match(/^\w+|^./)?.[0] ?? " ";
    mark(new Range(row, column, row, column + word.length));
    editor.session.setAnnotations([{ row, column, type: "error", text: document.querySelector("main .missing")?.textContent ?? "" }]);
    editor.gotoLine(row + 1, column);
  } else {
    editor.clearSelection();
    editor.navigateFileEnd();
  }
})();
