// Types are the compiler's business; here: what the promised browsers do not know, and what a page must never do.
import compat from "eslint-plugin-compat";
import tseslint from "typescript-eslint";

const MARKUP = "Data are text: no markup is ever made of them.";

export default [
  ...tseslint.configs.recommended,
  compat.configs["flat/recommended"],
  {
    files: ["src/**/*.ts"],
    rules: {
      eqeqeq: "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-console": "error",
      "no-restricted-properties": [
        "error",
        ...["innerHTML", "outerHTML", "insertAdjacentHTML"].map((property) => ({ property, message: MARKUP })),
        { object: "document", property: "write", message: MARKUP },
      ],
      "no-restricted-imports": ["error", { patterns: [{ group: ["lit/directives/unsafe*"], message: MARKUP }] }],
      "max-lines-per-function": ["error", { max: 40, skipBlankLines: true, skipComments: true }],
      "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
    },
  },
];
