/** What buttons and fields look like. */

import { css } from "lit";

export const controls = css`
  button,
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.5rem;
    min-height: 2.75rem;
    margin: 0; /* old WebKit has its own */
    padding: 0.375rem 1.125rem;
    font: inherit;
    font-weight: 600;
    line-height: 1.2;
    text-align: center;
    text-decoration: none;
    color: var(--on-accent);
    background: var(--accent);
    border: 1px solid transparent;
    border-radius: 0.625rem;
    cursor: pointer;
  }
  button:hover:not(:disabled),
  .button:hover {
    background: var(--accent-deep);
  }
  button.plain,
  .button.plain {
    color: var(--ink);
    background: var(--surface);
    border-color: var(--edge);
    font-weight: 500;
  }
  button.plain:hover:not(:disabled),
  .button.plain:hover {
    background: var(--sunken);
  }
  button.bare {
    color: var(--accent);
    background: none;
    padding-inline: 0.5rem;
  }
  button.bare:hover {
    background: var(--sunken);
  }
  button.danger {
    color: var(--surface);
    background: var(--bad);
  }
  button.danger:hover {
    filter: brightness(0.92);
    background: var(--bad);
  }
  button:disabled {
    color: var(--quiet);
    background: var(--sunken);
    border-color: var(--line);
    cursor: default;
  }
  button.bare:disabled {
    background: none;
    border-color: transparent;
    opacity: 0.4;
  }
  button.icon {
    min-width: 2.75rem;
    padding: 0;
  }
  :focus-visible {
    outline: 3px solid var(--accent);
    outline-offset: 2px;
  }
  label {
    display: grid;
    gap: 0.25rem;
    font-size: 0.9375rem;
    font-weight: 550;
    align-content: start;
  }
  label.check {
    grid-template-columns: auto 1fr;
    gap: 0.625rem;
    place-content: center start;
    align-items: center;
    min-height: 2.75rem;
    font-weight: 450;
  }
  .hint {
    font-size: 0.875rem;
    font-weight: 400;
    color: var(--quiet);
  }
  input,
  select {
    width: 100%;
    min-height: 2.75rem;
    padding: 0.375rem 0.75rem;
    font: inherit;
    font-weight: 400;
    color: var(--ink);
    background: var(--surface);
    border: 1px solid var(--edge);
    border-radius: 0.625rem;
  }
  input::placeholder {
    color: var(--quiet);
    opacity: 1;
  }
  input[type="checkbox"],
  input[type="radio"] {
    width: 1.25rem;
    min-height: 1.25rem;
    margin: 0;
    accent-color: var(--accent);
  }
`;
