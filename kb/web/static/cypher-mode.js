"use strict";
// Cypher's colours in the editor, and the editor's own in those of the page.
(() => {
  if (!globalThis.ace) return;
  const { TextHighlightRules } = ace.require("ace/mode/text_highlight_rules");
  const { Mode: TextMode } = ace.require("ace/mode/text");
  const KEYWORDS = [
    "all", "and", "any", "as", "asc", "ascending", "by", "call", "case", "contains", "desc", "descending", "distinct", "else",
    "end", "ends", "exists", "false", "in", "is", "limit", "match", "none", "not", "null", "on", "optional", "or", "order",
    "return", "single", "skip", "starts", "then", "true", "union", "unwind", "when", "where", "with", "xor", "yield",
  ];

  class Rules extends TextHighlightRules {
    constructor() {
      super();
      const word = this.createKeywordMapper({ keyword: KEYWORDS.join("|") }, "identifier", true);
      this.$rules = {
        start: [
          { token: "comment", regex: /\/\/.*$/ },
          { token: "comment", regex: /\/\*/, next: "comment" },
          { token: "string", regex: /'(?:\\.|[^'\\])*'?|"(?:\\.|[^"\\])*"?/ },
          { token: "variable.parameter", regex: /\$(?:\w+|`[^`]*`)/ },
          { token: ["operator", "entity.name.type"], regex: /([:|!&])([A-Za-z_]\w*|`[^`]*`)/ },
          { token: ["operator", "variable.property"], regex: /(\.)([A-Za-z_]\w*)/ },
          { token: "constant.numeric", regex: /\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b/ },
          { token: word, regex: /[A-Za-z_]\w*/ },
          { token: "identifier", regex: /`[^`]*`/ },
          { token: "operator", regex: /<-|->|<>|<=|>=|=~|[-+*\/%^=<>|]/ },
          { token: "lparen", regex: /[([{]/ },
          { token: "rparen", regex: /[)\]}]/ },
        ],
        comment: [
          { token: "comment", regex: /.*?\*\//, next: "start" },
          { defaultToken: "comment" },
        ],
      };
      this.normalizeRules();
    }
  }

  class Mode extends TextMode {
    constructor() {
      super();
      this.HighlightRules = Rules;
      this.lineCommentStart = "//";
      this.$id = "neuronkb/cypher";
      this.$behaviour = this.$defaultBehaviour;
    }
  }

  globalThis.neuronkbCypher = {
    keywords: KEYWORDS.map((word) => word.toUpperCase()),
    mode: () => new Mode(),
    theme: { cssClass: "ace-page", cssText: "", isDark: false }, // cypher.css has its rules, in the page's colours
  };
})();
